import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** What `scripts/build-pages.ts` makes of pages/: for the sources, and in the package. */
const place = import.meta.url.endsWith('.ts') ? '../../pages/built/' : '../pages/';
const builtPages = fileURLToPath(new URL(place, import.meta.url));

/** Nothing but the page's own files is loaded, nothing is run that is written into the page, nobody frames it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A folder of built pages. */
export type PageName = 'sandbox' | 'status' | 'docs';

/** Serves a page, its scripts and its styles, at the root of `app`. */
export async function addPage(app: FastifyInstance, name: PageName): Promise<void> {
  const root = `${builtPages}${name}`;
  app.addHook('onSend', async (_, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });
  if (!existsSync(root)) {
    app.get('/', async (_, reply) =>
      reply.code(503).type('text/plain').send('The pages are not built yet: npm run build:pages\n'),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root,
    // A page gets one route for each file that is there at the start; the many documents are looked up when
    // requested.
    wildcard: name === 'docs',
    decorateReply: false,
    // The names of assets contain a hash of their content.
    setHeaders: (reply, path) => {
      const isNamedByContent = path.startsWith(`${root}/assets/`);
      reply.header('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
    cacheControl: false,
  });
}
