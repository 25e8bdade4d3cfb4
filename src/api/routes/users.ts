import type { AccountClosings } from '../../billing/account-closings.ts';
import type { AccountId, Billing } from '../../billing/billing.ts';
import { changeUser } from '../../operations/change-user.ts';
import { createUser } from '../../operations/create-user.ts';
import { deleteUser } from '../../operations/delete-user.ts';
import type { DepartingProjects } from '../../operations/departing-projects.ts';
import type { Caller } from '../caller.ts';
import type { TypedApp } from '../typed-app.ts';
import { accountIdIn } from '../wire/portal-ids.ts';
import { ChangedUserBody, ChangeUser, CreateUser, DeleteUser, DoneBody, UserBody } from '../wire/user.ts';
import { refusals } from './refusals.ts';

export interface UserRoutesOptions {
  readonly caller: Caller;
  readonly billing: Billing;
  readonly closings: Pick<AccountClosings, 'request'>;
  readonly departing: DepartingProjects;
}

export function addUserRoutes(app: TypedApp, options: UserRoutesOptions): void {
  const { caller, billing, closings, departing } = options;
  app.route({
    method: 'POST',
    url: '/user',
    schema: {
      summary: 'Give a portal user a user of the cloud',
      description:
        'Makes user `CM_<username>`, without project or role: a team has those. A user who is there already is the same only if the password opens that account; its password stays.',
      body: CreateUser,
      response: { 201: UserBody, ...refusals(409) },
    },
    handler: async (request, reply) => {
      const { cloud_env: env, username, name, password, email } = request.body;
      const draft = {
        username,
        password,
        fullName: name ?? undefined,
        email: email ?? undefined,
        domain: env.domain,
      };
      const call = {
        about: `user ${username}`,
        draft: { ...draft, password: password.reveal() },
        secrets: [password],
      };
      const id = await caller.once(request, env.login, call, (session, audit) =>
        createUser(session, draft, audit),
      );
      reply.code(201);
      return { success: true as const, username, user_cloud_id: id, user_id: id };
    },
  });

  for (const [method, url] of [
    ['PATCH', '/user'],
    ['POST', '/change_user_details'],
  ] as const) {
    app.route({
      method,
      url,
      schema: {
        summary: "Change a portal user's e-mail or password in the cloud",
        ...(url === '/user' ? {} : { description: 'As releases 1.0 and 1.1 ask for it.' }),
        body: ChangeUser,
        response: { 200: ChangedUserBody, ...refusals(404) },
      },
      handler: async (request) => {
        const { cloud_env: env, user_info: info } = request.body;
        const { email, password } = info.new_data;
        const change = { email: email ?? undefined, password: password ?? undefined };
        const accountId = accountIdIn(info);
        const call = {
          about: `user ${info.cloud_user_id}`,
          draft: { ...change, password: password?.reveal(), accountId },
          secrets: password ? [password] : [],
        };
        const updated = await caller.once(request, env.login, call, async (session, audit) => {
          const fields = await changeUser(session, info.cloud_user_id, change, audit);
          if (accountId !== undefined && change.email !== undefined) {
            await billing.changeEmail(accountId as AccountId, change.email);
          }
          return fields;
        });
        return { success: true as const, updated };
      },
    });
  }

  for (const url of ['/user', '/delete_user'] as const) {
    app.route({
      method: 'DELETE',
      url,
      schema: {
        summary: 'Delete a portal user in the cloud',
        description:
          'With the project where one is named, unless something is left in it. What is gone already counts as deleted.',
        body: DeleteUser,
        response: { 200: DoneBody, ...refusals(409) },
      },
      handler: async (request) => {
        const { cloud_env: env, user_info: info } = request.body;
        const userId = info.cloud_user_id ?? undefined;
        const projectId = info.project_id ?? undefined;
        const accountId = accountIdIn(info);
        const call = {
          about: `user ${userId ?? projectId ?? ''}`,
          draft: { projectId, accountId, isDeletion: true },
        };
        await caller.once(request, env.login, call, async (session, audit) => {
          if (projectId) await departing.add(projectId);
          await deleteUser(
            session,
            { userId, projectId },
            {
              audit,
              beforeGone: async () => {
                if (accountId !== undefined) await closings.request(accountId as AccountId, projectId);
              },
            },
          );
        });
        return { success: true as const };
      },
    });
  }
}
