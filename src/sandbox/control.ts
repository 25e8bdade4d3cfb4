import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Release, releases } from '../concertim/profile.ts';
import { explain } from '../runtime/severity.ts';
import type { Fault } from './faults.ts';
import type { SandboxCloud } from './sandbox-cloud.ts';

export interface ControlOptions {
  /** The first one's faults are the portal's too. */
  readonly clouds: readonly [SandboxCloud, ...SandboxCloud[]];
  /** Has that many steps of the story happen; what they were. */
  readonly tick: (steps: number) => string[];
  /** Migrates the portal's database; the portal is unavailable meanwhile. */
  readonly upgradePortal: (release: Release) => Promise<void>;
  /** What there is to see: addresses and numbers. */
  readonly describe: () => unknown;
}

const common = {
  service: z.string(),
  /** Name of the cloud whose service it is. Default: of each. */
  cloud: z.string().optional(),
  method: z.string().optional(),
  path: z
    .string()
    .transform((text) => new RegExp(text))
    .optional(),
  skip: z.int().nonnegative().optional(),
  times: z.int().positive().optional(),
};

/** A fault as JSON; all kinds but `rewrite`, which is a function. */
const FaultBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal(['reset-before', 'reset-after', 'stall', 'truncate', 'shorten']),
    ...common,
  }),
  z.strictObject({ kind: z.literal('delay'), ms: z.number().positive(), ...common }),
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('trickle'),
    bytes: z.int().positive(),
    everyMs: z.number().nonnegative(),
    ...common,
  }),
]);

/**
 * The sandbox's own service, to break things by hand:
 * `curl -X POST :PORT/faults -H 'content-type: application/json' -d '{"service":"heat","kind":"answer","status":503}'`.
 */
export function addControl(app: FastifyInstance, options: ControlOptions): void {
  const { clouds } = options;
  const armed = () =>
    clouds.flatMap(({ name, faults }) =>
      faults.armed.map((fault) => ({ ...fault, ...(clouds.length > 1 && { cloud: name }) })),
    );
  app.get('/', () => options.describe());
  app.get('/faults', () => ({
    faults: armed().map((fault) => ({ ...fault, path: fault.path?.source })),
  }));
  app.post('/faults', (request, reply) => {
    const parsed = FaultBody.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
    const { cloud, ...fault } = parsed.data;
    const hit = clouds.filter(({ name }) => cloud === undefined || name === cloud);
    if (hit.length === 0) return reply.code(400).send({ error: `There is no cloud ${cloud}.` });
    for (const { faults } of hit) faults.add(withoutUndefined(fault) as Fault);
    return reply.code(201).send({ faults: armed().length });
  });
  app.delete('/faults', (_request, reply) => {
    for (const { faults } of clouds) faults.clear();
    return reply.code(204).send();
  });
  app.post('/tick', (request) => {
    const { steps } = z.object({ steps: z.coerce.number().int().min(1).default(1) }).parse(request.query);
    return { told: options.tick(steps) };
  });
  app.put('/portal', async (request, reply) => {
    const parsed = z.object({ release: z.enum(releases) }).safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
    try {
      await options.upgradePortal(parsed.data.release);
      return parsed.data;
    } catch (error) {
      return reply.code(409).send({ error: explain(error) });
    }
  });
  app.delete('/tokens', (_request, reply) => {
    for (const { cloud } of clouds) cloud.identity.revokeAllTokens();
    return reply.code(204).send();
  });
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
