import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Cloud } from '../cloud/cloud.ts';
import { type Server, WrongServerState } from '../cloud/compute.ts';
import { type ServerVerb, serverActions } from '../cloud/compute-actions.ts';
import { StackBusy } from '../cloud/orchestration.ts';
import type { Stack } from '../cloud/stack.ts';
import { nodeGroup } from '../cluster.ts';
import type { SandboxCloud } from '../sandbox-cloud.ts';

/** What a person can do to a server of the simulated cloud, beside Nova's own verbs. */
const verbs = [...(Object.keys(serverActions) as ServerVerb[]), 'fail'] as const;
const ServerAction = z.strictObject({ verb: z.enum(verbs), flavorId: z.string().optional() });

const StackAction = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.enum(['suspend', 'resume', 'delete', 'fail']) }),
  z.strictObject({ verb: z.literal('resize'), nodes: z.int().min(0).max(200) }),
]);

const NewStack = z.strictObject({
  /** The portal's user who is to own it. */
  owner: z.string(),
  /** Name of the cloud to make it in. Default: the first that knows the owner. */
  cloud: z.string().optional(),
  /** As the cluster builder takes names. */
  name: z.string().regex(/^[A-Za-z][\w-]{1,40}$/, 'a letter, then letters, digits, - and _'),
  servers: z.int().min(1).max(200),
});

/** Why something was not done, as Nova and Heat would put it. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What somebody else does in the clouds, past the service and past Keystone: by hand, or by a test. */
export function addCloudActions(app: FastifyInstance, clouds: readonly SandboxCloud[]): void {
  const doing = <Body>(schema: z.ZodType<Body>, act: (id: string, body: Body) => void) => {
    return async (request: { params: unknown; body: unknown }, reply: FastifyReply) => {
      const parsed = schema.safeParse(request.body);
      if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
      for (const { cloud } of clouds) cloud.advance();
      try {
        act((request.params as { id?: string }).id ?? '', parsed.data);
      } catch (error) {
        const status = statusOf(error);
        if (status === undefined) throw error;
        return reply.code(status).send({ error: (error as Error).message });
      }
      return reply.code(202).send({});
    };
  };
  app.post(
    '/stacks',
    doing(NewStack, (_, { owner, cloud: wanted, name, servers }) => {
      for (const { name: cloud, population } of clouds) {
        const account = population.accounts.find(({ login }) => login === owner);
        if (account && (wanted ?? cloud) === cloud)
          return void population.addCluster(account, { name, servers });
      }
      throw new Refused(404, `There is no user ${owner}.`);
    }),
  );
  app.post(
    '/stacks/:id/action',
    doing(StackAction, (id, action) => {
      for (const { cloud } of clouds) {
        const stack = cloud.orchestration.stack(id);
        if (stack && stack.deletedAt === undefined) return actOnStack(cloud, stack, action);
      }
      throw new Refused(404, `The Stack (${id}) could not be found.`);
    }),
  );
  app.post(
    '/servers/:id/action',
    doing(ServerAction, (id, action) => {
      for (const { cloud } of clouds) {
        const server = cloud.compute.server(id);
        if (server) return actOnServer(cloud, server, action);
      }
      throw new Refused(404, `Instance ${id} could not be found.`);
    }),
  );
}

function actOnServer(
  { compute }: Cloud,
  server: Server,
  { verb, flavorId }: z.infer<typeof ServerAction>,
): void {
  if (verb === 'fail') return compute.failServer(server.id, 'It was broken by hand.');
  if (verb !== 'resize') return compute.act(server.id, verb);
  const flavor = compute.flavors.get(flavorId ?? '');
  if (!flavor) throw new Refused(400, `There is no flavor ${flavorId}.`);
  if (flavor === server.flavor) throw new Refused(400, 'When resizing, instances must change flavor!');
  compute.resizeServer(server.id, flavor);
}

function actOnStack({ orchestration }: Cloud, stack: Stack, action: z.infer<typeof StackAction>): void {
  switch (action.verb) {
    case 'suspend':
      return orchestration.suspendStack(stack.id);
    case 'resume':
      return orchestration.resumeStack(stack.id);
    case 'delete':
      return orchestration.deleteStack(stack.id);
    case 'fail':
      return orchestration.failStack(stack.id, 'It was broken by hand.');
    case 'resize': {
      const isMade = stack.resources.some(({ name, nested }) => name === nodeGroup && nested);
      if (!isMade) throw new Refused(409, `Stack ${stack.name} has no group of nodes yet.`);
      return orchestration.resizeGroup(stack.id, nodeGroup, action.nodes);
    }
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof Refused) return error.status;
  return error instanceof WrongServerState || error instanceof StackBusy ? 409 : undefined;
}
