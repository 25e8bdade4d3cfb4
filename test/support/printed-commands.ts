/**
 * Runs the commands that `doctor` prints. `chmod` and `cp` are run as they stand; of OpenStack's own command line what
 * the doctor prints is understood, and done over HTTP as that command does it:
 *
 *   openstack role create NAME
 *   openstack role add --user ID --project ID NAME
 *   openstack role remove --user ID --project ID NAME
 *   openstack user create --domain ID --password-prompt NAME
 *   openstack keypair delete NAME
 *   gnocchi archive-policy create -d granularity:60s,timespan:86400s… -m mean… NAME
 *   gnocchi resource delete ID
 *
 * Anything else is an error: a command that nobody has run is not known to be right.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { password } from '../../src/sandbox/population.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const programs = /(?:^|: |; )((?:openstack|gnocchi|chmod|cp) [^;\n]+)/gm;

/** The commands in what the doctor prints, in their order. */
export function commandsIn(text: string): string[] {
  return [...text.matchAll(programs)].map(([, command = '']) => command.trim());
}

/** Runs one as the administrator of a sandbox's cloud, unless it is to be run with another account. */
export async function runPrinted(command: string, sandbox: Sandbox, as = 'admin'): Promise<void> {
  const [program = '', ...args] = command.split(/\s+/);
  if (program === 'chmod' || program === 'cp') {
    execFileSync(program, args);
    return;
  }
  const cloud = await signIn(sandbox, as);
  const [noun = '', verb = ''] = args;
  const run = verbs[`${program} ${noun} ${verb}`];
  if (!run) throw new Error(`this command is not understood here: ${command}`);
  await run(args.slice(2), cloud);
}

interface Cloud {
  readonly keystone: string;
  readonly gnocchi: string;
  readonly nova: string;
  readonly send: (method: string, url: string, body?: unknown) => Promise<void>;
  readonly idOf: (collection: 'roles', name: string) => Promise<string>;
}

const verbs: Readonly<Record<string, (args: string[], cloud: Cloud) => Promise<void>>> = {
  async 'openstack role create'(args, { keystone, send }) {
    const { positionals } = parseArgs({ args, options: {}, allowPositionals: true });
    await send('POST', `${keystone}/roles`, { role: { name: only(positionals) } });
  },
  async 'openstack role add'(args, { keystone, send, idOf }) {
    const options = { user: { type: 'string' }, project: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const role = await idOf('roles', only(positionals));
    await send('PUT', `${keystone}/projects/${values.project}/users/${values.user}/roles/${role}`);
  },
  async 'openstack role remove'(args, { keystone, send, idOf }) {
    const options = { user: { type: 'string' }, project: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const role = await idOf('roles', only(positionals));
    await send('DELETE', `${keystone}/projects/${values.project}/users/${values.user}/roles/${role}`);
  },
  async 'openstack user create'(args, { keystone, send }) {
    const options = { domain: { type: 'string' }, 'password-prompt': { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const prompted = values['password-prompt'] ? { password: 'as typed in' } : {};
    await send('POST', `${keystone}/users`, {
      user: { name: only(positionals), domain_id: values.domain, enabled: true, ...prompted },
    });
  },
  async 'openstack keypair delete'(args, { nova, send }) {
    const { positionals } = parseArgs({ args, options: {}, allowPositionals: true });
    await send('DELETE', `${nova}/os-keypairs/${only(positionals)}`);
  },
  async 'gnocchi archive-policy create'(args, { gnocchi, send }) {
    const options = {
      definition: { type: 'string', short: 'd', multiple: true },
      'aggregation-method': { type: 'string', short: 'm', multiple: true },
    } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    await send('POST', `${gnocchi}/v1/archive_policy`, {
      name: only(positionals),
      aggregation_methods: values['aggregation-method'],
      definition: values.definition?.map((text) =>
        Object.fromEntries(
          [...text.matchAll(/(\w+):(\d+)s/g)].map(([, name, seconds]) => [name, Number(seconds)]),
        ),
      ),
    });
  },
  /** The sandbox makes what Gnocchi has of the servers whenever it is asked: there is nothing that would be kept. */
  async 'gnocchi resource delete'() {},
};

function only(positionals: readonly string[]): string {
  const [name = '', ...rest] = positionals;
  if (!name || rest.length > 0) throw new Error(`one name was expected, not ${positionals.join(' ')}`);
  return name;
}

async function signIn({ services }: Sandbox, name: string): Promise<Cloud> {
  const keystone = `${services.keystone.url}/v3`;
  const domain = { id: 'default' };
  const signedIn = await request(`${keystone}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user: { name, domain, password } } },
        scope: { project: { name: 'admin', domain } },
      },
    }),
  });
  const headers = { 'x-auth-token': String(signedIn.headers['x-subject-token']) };
  return {
    keystone,
    gnocchi: services.gnocchi.url,
    nova: `${services.nova.url}/v2.1`,
    async send(method, url, body) {
      const answer = await request(url, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300)
        throw new Error(`${method} ${url} was answered ${answer.statusCode}: ${text}`);
    },
    async idOf(collection, name) {
      const answer = await request(`${keystone}/${collection}?name=${encodeURIComponent(name)}`, { headers });
      const body = (await answer.body.json()) as Record<string, { id: string }[]>;
      const id = body[collection]?.[0]?.id;
      if (id === undefined) throw new Error(`there is none of the name ${name} among ${collection}`);
      return id;
    },
  };
}
