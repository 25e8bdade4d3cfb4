import type { Billing } from '../../billing/billing.ts';
import { createUserProject } from '../../operations/create-user-project.ts';
import type { Caller } from '../caller.ts';
import type { TypedApp } from '../typed-app.ts';
import { bothNames } from '../wire/portal-ids.ts';
import { CreateUserProject, UserProjectBody } from '../wire/user-project.ts';
import { refusals } from './refusals.ts';

export interface UserProjectRoutesOptions {
  readonly caller: Caller;
  readonly billing: Billing;
  /** Whether CloudKitty rates every project, whatever a request says. */
  readonly isRated: boolean;
}

/** The sign-up of portals before 1.2.0, which know no teams. */
export function addUserProjectRoutes(
  app: TypedApp,
  { caller, billing, isRated }: UserProjectRoutesOptions,
): void {
  app.route({
    method: 'POST',
    url: '/create_user_project',
    schema: {
      summary: 'Give a portal user a project and a user of the cloud',
      description:
        'Makes project `CM_<username>_proj` and user `CM_<username>` with their roles. A repeat completes what is missing and answers the same ids; while the first call runs it waits for that one. A user who is there already is the same only if the password opens that account, or if the known ids are sent.',
      body: CreateUserProject,
      response: { 201: UserProjectBody, ...refusals(409, 424) },
    },
    handler: async (request, reply) => {
      const { cloud_env: env, username, password, email, ...known } = request.body;
      const draft = {
        username,
        password,
        email: email ?? undefined,
        knownUserId: known.cloud_user_id ?? undefined,
        knownProjectId: known.project_id ?? undefined,
        domain: env.domain,
        billing: isRated || env.billing,
      };
      const call = {
        about: `user ${username}`,
        draft: { ...draft, password: password.reveal() },
        secrets: [password],
      };
      const made = await caller.once(request, env.login, call, async (session, audit) => {
        const { userId, projectId } = await createUserProject(session, draft, audit);
        const customer = { projectId, name: username, email: draft.email };
        return { userId, projectId, accountId: await billing.accountFor(customer) };
      });
      reply.code(201);
      return {
        success: true as const,
        username,
        user_id: made.userId,
        user_cloud_id: made.userId,
        project_id: made.projectId,
        ...bothNames(made.accountId),
      };
    },
  });
}
