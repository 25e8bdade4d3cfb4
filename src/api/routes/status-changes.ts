import type { Logger } from '../../observability/logger.ts';
import type { Reference, ServerId, StackId } from '../../openstack/model.ts';
import { changeServer } from '../../operations/change-server.ts';
import { changeStack, stackChanges } from '../../operations/change-stack.ts';
import { explain } from '../../runtime/severity.ts';
import type { Asker } from '../asker.ts';
import { Problem } from '../problem.ts';
import type { TypedApp } from '../typed-app.ts';
import { StatusChange, StatusChangeBody, StatusChangeParams } from '../wire/status-change.ts';
import { refusals } from './refusals.ts';

export interface StatusChangeRoutesOptions {
  readonly asker: Asker;
  /** The portal never changes its own status: it learns what became of its request from a reconcile. */
  readonly requestReconcile: (references: Reference[]) => void | Promise<void>;
  readonly log: Logger;
}

export function addStatusChangeRoutes(
  app: TypedApp,
  { asker, requestReconcile, log }: StatusChangeRoutesOptions,
): void {
  app.route({
    method: 'POST',
    url: '/update_status/:type/:id',
    schema: {
      summary: 'Switch or destroy a server or a stack',
      description: 'The cloud has begun it when the answer comes; the portal shows it as the cloud goes on.',
      params: StatusChangeParams,
      body: StatusChange,
      response: { 202: StatusChangeBody, ...refusals(404, 409) },
    },
    handler: async (request, reply) => {
      const { type, id } = request.params;
      const { cloud_env: env, action } = request.body;
      const isStack = type === 'racks';
      const stackAction = stackChanges.find((change) => change === action);
      if (isStack && !stackAction) throw new Problem(400, `action: a rack can ${stackChanges.join(', ')}`);
      const changed = await asker.use(request, env.login, (session) =>
        isStack && stackAction
          ? changeStack(session, id as StackId, stackAction)
          : changeServer(session, id as ServerId, action),
      );
      log.info({ requestId: request.id, type, id, action }, 'status change begun');
      // The answer does not wait for it.
      void tell(changed, request.id);
      reply.code(202);
      return { success: true as const };
    },
  });

  async function tell(changed: Reference, requestId: string): Promise<void> {
    try {
      await requestReconcile([changed]);
    } catch (error) {
      log.warn(
        { requestId, why: explain(error) },
        'failed to notify the writer, the portal shows the change after the next full reconcile',
      );
    }
  }
}
