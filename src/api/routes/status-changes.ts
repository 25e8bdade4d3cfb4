import type { Logger } from '../../observability/logger.ts';
import type { Reference } from '../../openstack/model.ts';
import { changeObject } from '../../operations/change-object.ts';
import type { OwnCloud } from '../../operations/own-cloud.ts';
import { explain } from '../../runtime/severity.ts';
import type { Caller } from '../caller.ts';
import type { ChangeFollower } from '../change-follower.ts';
import type { TypedApp } from '../typed-app.ts';
import { StatusChange, StatusChangeBody, StatusChangeParams } from '../wire/status-change.ts';
import { refusals } from './refusals.ts';

export interface StatusChangeRoutesOptions {
  readonly caller: Caller;
  readonly ownCloud: OwnCloud;
  /** The portal never changes its own status: it learns what became of its request from a reconcile. */
  readonly requestReconcile: (references: Reference[]) => void | Promise<void>;
  /** undefined where notifications say how a change goes on. */
  readonly follower: ChangeFollower | undefined;
  readonly log: Logger;
}

export function addStatusChangeRoutes(
  app: TypedApp,
  { caller, ownCloud, requestReconcile, follower, log }: StatusChangeRoutesOptions,
): void {
  app.route({
    method: 'POST',
    url: '/update_status/:type/:id',
    schema: {
      summary: 'Switch or destroy something that the portal shows',
      description:
        'The cloud has begun it when the answer comes; the portal shows it as the cloud goes on. A network or volume is destroyed only when nothing of others is on it. To destroy what is gone already is done.',
      params: StatusChangeParams,
      body: StatusChange,
      response: { 202: StatusChangeBody, ...refusals(404, 409) },
    },
    handler: async (request, reply) => {
      const { cloud_env: env, action } = request.body;
      const change = { ...request.params, action };
      const changed = await caller.use(request, env.login, async (session, audit) => {
        const reference = await changeObject(session, change, { audit, ownCloud });
        if (reference && !reference.deleted) follower?.follow(reference, ownCloud.of(session));
        return reference;
      });
      // The answer does not wait for it.
      if (changed) void notifyWriter(changed, request.id);
      reply.code(202);
      return { success: true as const };
    },
  });

  async function notifyWriter(changed: Reference, requestId: string): Promise<void> {
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
