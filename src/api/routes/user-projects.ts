import type { UserProjects } from '../../operations/user-projects.ts';
import { loginFrom } from '../asker.ts';
import type { TypedApp } from '../typed-app.ts';
import { CreateUserProject, UserProjectBody } from '../wire/user-project.ts';
import { refusals } from './refusals.ts';

export interface UserProjectRoutesOptions {
  readonly userProjects: UserProjects;
  /** Whether CloudKitty rates every project, whatever a request says. */
  readonly billing: boolean;
}

export function addUserProjectRoutes(
  app: TypedApp,
  { userProjects, billing }: UserProjectRoutesOptions,
): void {
  app.route({
    method: 'POST',
    url: '/create_user_project',
    schema: {
      summary: 'Give a portal user a project and a user of the cloud',
      description:
        'Makes project `CM_<username>_proj` and user `CM_<username>` with their roles. A repeat completes what is missing and answers the same ids; while the first call runs it waits for that one.',
      body: CreateUserProject,
      response: { 201: UserProjectBody, ...refusals(409, 424) },
    },
    handler: async (request, reply) => {
      const { cloud_env: env, ...draft } = request.body;
      const made = await userProjects.create(loginFrom(request, env.login), {
        username: draft.username,
        password: draft.password,
        email: draft.email ?? undefined,
        knownUserId: draft.cloud_user_id ?? undefined,
        knownProjectId: draft.project_id ?? undefined,
        domain: env.domain,
        billing: billing || env.billing,
      });
      reply.code(201);
      return { username: made.username, user_id: made.userId, project_id: made.projectId };
    },
  });
}
