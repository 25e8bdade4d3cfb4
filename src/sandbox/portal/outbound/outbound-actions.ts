import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { UserRow } from '../portal.ts';
import { deleteUser } from './account-changes.ts';
import { RecordInvalid } from './job-queue.ts';
import { launch } from './launch.ts';
import type { OutboundContext } from './outbound-context.ts';
import { configureCloud, signUp } from './sign-up.ts';
import { deleteTeam } from './teams.ts';

const NewUser = z.strictObject({
  login: z.string().min(1).max(80),
  name: z.string().optional(),
  email: z.string().optional(),
  password: z.string().min(6),
});

/** What people do in the portal's pages, by hand: each asks something of the companion, at once or by a job. */
export function addOutboundActions(app: FastifyInstance, outbound: OutboundContext): void {
  const { portal, jobs } = outbound;
  app.get('/jobs', () => ({ jobs: jobs.jobs }));
  app.post('/users', (request, reply) => {
    const parsed = NewUser.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
    const { name = parsed.data.login, email = `${parsed.data.login}@test.com`, ...rest } = parsed.data;
    return queued(reply, () => void signUp(outbound, { ...rest, name, email }));
  });
  app.post('/cloud-configuration', (_request, reply) => queued(reply, () => configureCloud(outbound)));

  const ofUser = (act: (user: UserRow, reply: FastifyReply) => unknown) => {
    return (request: { params: unknown }, reply: FastifyReply) => {
      const { login } = request.params as { login: string };
      const user = portal.users.all().find((row) => row.login === login && !row.root);
      return user ? act(user, reply) : reply.code(404).send({ error: `There is no user ${login}.` });
    };
  };
  app.delete(
    '/users/:login',
    ofUser(({ id }, reply) => queued(reply, () => deleteUser(outbound, id))),
  );
  app.delete(
    '/teams/:login',
    ofUser(({ id }, reply) => queued(reply, () => deleteTeam(outbound, id))),
  );
  app.post(
    '/users/:login/clusters',
    ofUser(async ({ id }, reply) => {
      const answer = await launch(outbound, id);
      return reply.code(answer.ok ? 201 : 409).send(answer.ok ? answer : { error: answer.message });
    }),
  );
}

function queued(reply: FastifyReply, act: () => void): FastifyReply {
  try {
    act();
  } catch (error) {
    if (!(error instanceof RecordInvalid)) throw error;
    return reply.code(422).send({ error: error.message });
  }
  return reply.code(202).send({});
}
