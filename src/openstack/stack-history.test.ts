import type { FastifyInstance, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import type { ProjectId, StackId } from './model.ts';
import { listPastStacks, readResourceSpans } from './stack-history.ts';

const projectId = 'p' as ProjectId;
const row = (id: string, fields: Record<string, unknown> = {}) => ({
  id,
  stack_name: `name-of-${id}`,
  parent: null,
  deletion_time: null,
  ...fields,
});
const event = (id: string | null, status: string, minute: number) => ({
  physical_resource_id: id,
  resource_status: status,
  event_time: `2026-11-22T19:${String(minute).padStart(2, '0')}:00Z`,
});
const minute = (at: number) => Date.UTC(2026, 10, 22, 19, at);

/** A Heat to which the session's user is a member of project `p`, and no administrator. */
async function start(stacks: unknown[], events: unknown[] = []) {
  return SmallCloud.start({
    routes: (app: FastifyInstance, projectOf: (request: FastifyRequest) => string | undefined) => {
      app.addHook('preHandler', async (request, reply) => {
        const { project } = request.params as { project: string };
        if (project !== projectOf(request)) await reply.code(403).send({ code: 403, title: 'Forbidden' });
      });
      app.get('/orchestration/v1/:project/stacks', () => ({ stacks }));
      app.get('/orchestration/v1/:project/stacks/:name/:id/events', () => ({ events }));
    },
    isMember: (project) => project === 'admin' || project === 'p',
  });
}

test('lists what a project has and had, for a member of it too, and nothing of another project', async () => {
  await using cloud = await start([
    row('there'),
    row('gone', { deletion_time: '2026-11-22T19:17:00Z', parent: 'root' }),
    row('of another', { project: 'q' }),
  ]);

  expect(await listPastStacks(cloud.session(), projectId)).toEqual([
    { id: 'there', name: 'name-of-there', projectId, parentId: null, deletedAt: undefined },
    { id: 'gone', name: 'name-of-gone', projectId, parentId: 'root', deletedAt: minute(17) },
  ]);
  expect(cloud.seen.at(-1)).toBe(
    'GET /orchestration/v1/p/stacks?show_deleted=true&show_nested=true&tenant=p&limit=3000',
  );
});

test('a resource was in its stack from its first event to its deletion, in whatever order they are listed', async () => {
  await using cloud = await start(
    [],
    [
      event('deleted', 'DELETE_COMPLETE', 9),
      event('deleted', 'CREATE_COMPLETE', 3),
      event('deleted', 'CREATE_IN_PROGRESS', 2),
      event('there', 'UPDATE_COMPLETE', 8),
      event('there', 'CREATE_COMPLETE', 4),
      event('its deletion failed', 'DELETE_FAILED', 7),
      event('only its end is left', 'DELETE_COMPLETE', 5),
      event('', 'CREATE_IN_PROGRESS', 1),
      event(null, 'CREATE_FAILED', 1),
    ],
  );
  const stack = { id: 's' as StackId, name: 'web.tier/v1', projectId };

  expect(await readResourceSpans(cloud.session(), stack)).toEqual([
    { id: 'deleted', from: minute(2), until: minute(9) },
    { id: 'there', from: minute(4), until: undefined },
    { id: 'its deletion failed', from: minute(7), until: undefined },
    { id: 'only its end is left', from: minute(5), until: minute(5) },
  ]);
  expect(cloud.seen.at(-1)).toBe('GET /orchestration/v1/p/stacks/web.tier%2Fv1/s/events');
});
