import type { AccountClosings } from '../../billing/account-closings.ts';
import type { AccountId, Billing } from '../../billing/billing.ts';
import { createTeam } from '../../operations/create-team.ts';
import { deleteTeam } from '../../operations/delete-team.ts';
import type { DepartingProjects } from '../../operations/departing-projects.ts';
import { changeMembership, type RoleMapping, type TeamRole } from '../../operations/team-roles.ts';
import type { Caller } from '../caller.ts';
import type { TypedApp } from '../typed-app.ts';
import { accountIdIn, bothNames } from '../wire/portal-ids.ts';
import { ChangeTeamRole, CreateTeam, DeleteTeam, TeamBody, TeamRoleBody } from '../wire/team.ts';
import { DoneBody } from '../wire/user.ts';
import { refusals } from './refusals.ts';

export interface TeamRoutesOptions {
  readonly caller: Caller;
  readonly billing: Billing;
  readonly closings: Pick<AccountClosings, 'request'>;
  readonly departing: DepartingProjects;
  readonly teamRoles: RoleMapping;
  /** Whether CloudKitty rates every project, whatever a request says. */
  readonly isRated: boolean;
}

/** The teams of portals from 1.2.0 on. */
export function addTeamRoutes(app: TypedApp, options: TeamRoutesOptions): void {
  addTeams(app, options);
  addTeamRoles(app, options);
}

function addTeams(app: TypedApp, options: TeamRoutesOptions): void {
  const { caller, billing, closings, departing, isRated } = options;
  app.route({
    method: 'POST',
    url: '/team',
    schema: {
      summary: 'Give a team of the portal a project of the cloud',
      description:
        'Makes project `CM_<name>` with the roles of those who look after it. A repeat completes what is missing and answers the same ids.',
      body: CreateTeam,
      response: { 201: TeamBody, ...refusals(409, 424) },
    },
    handler: async (request, reply) => {
      const { cloud_env: env, name, ...known } = request.body;
      const draft = {
        name,
        knownProjectId: known.project_id ?? undefined,
        domain: env.domain,
        billing: isRated || env.billing,
      };
      const call = { about: `team ${name}`, draft };
      const made = await caller.once(request, env.login, call, async (session, audit) => {
        const projectId = await createTeam(session, draft, audit);
        const accountId = await billing.accountFor({ projectId, name });
        return { projectId, accountId };
      });
      reply.code(201);
      return { success: true as const, project_id: made.projectId, ...bothNames(made.accountId) };
    },
  });

  app.route({
    method: 'DELETE',
    url: '/team',
    schema: {
      summary: 'Delete the project of a team',
      description:
        'Unless something is left in it: that is named then. What is gone already counts as deleted.',
      body: DeleteTeam,
      response: { 200: DoneBody, ...refusals(409) },
    },
    handler: async (request) => {
      const { cloud_env: env, team_info: info } = request.body;
      const projectId = info.project_id ?? undefined;
      const accountId = accountIdIn(info);
      const closeAccount = async () => {
        if (accountId !== undefined) await closings.request(accountId as AccountId, projectId);
      };
      const call = { about: `project ${projectId ?? ''}`, draft: { accountId, isDeletion: true } };
      await caller.once(request, env.login, call, async (session, audit) => {
        // A team whose creation failed halfway has no project.
        if (!projectId) return closeAccount();
        await departing.add(projectId);
        await deleteTeam(session, projectId, { audit, beforeGone: closeAccount });
      });
      return { success: true as const };
    },
  });
}

function addTeamRoles(app: TypedApp, { caller, teamRoles: mapping }: TeamRoutesOptions): void {
  const description =
    'What a role of the portal is in Keystone is said by `api.team_admin_roles` and `api.team_member_roles`; never `admin`.';

  for (const [method, summary] of [
    ['POST', 'Give a user a role in a team'],
    ['DELETE', "Take a user's role in a team"],
  ] as const) {
    app.route({
      method,
      url: '/team_role',
      schema: {
        summary,
        description,
        body: TeamRoleBody,
        response: { 200: DoneBody, 201: DoneBody, ...refusals(404, 424) },
      },
      handler: async (request, reply) => {
        const { cloud_env: env, team_role: given } = request.body;
        const isNew = method === 'POST';
        const change: Change = isNew ? { to: given.role } : { from: given.role };
        const call = callOf(given, change);
        await caller.once(request, env.login, call, (session, audit) =>
          changeMembership(session, membershipOf(given, change), { mapping, audit }),
        );
        reply.code(isNew ? 201 : 200);
        return { success: true as const };
      },
    });
  }

  app.route({
    method: 'PATCH',
    url: '/team_role',
    schema: {
      summary: "Change a user's role in a team",
      description,
      body: ChangeTeamRole,
      response: { 200: DoneBody, ...refusals(404, 424) },
    },
    handler: async (request) => {
      const { cloud_env: env, team_role: given } = request.body;
      const change: Change = { from: given.current_role ?? undefined, to: given.new_role };
      await caller.once(request, env.login, callOf(given, change), (session, audit) =>
        changeMembership(session, membershipOf(given, change), { mapping, audit }),
      );
      return { success: true as const };
    },
  });
}

type Change = { readonly from?: TeamRole | undefined; readonly to?: TeamRole | undefined };
type Membership = Parameters<typeof changeMembership>[1];
interface Place {
  readonly user_id: Membership['userId'];
  readonly project_id: Membership['projectId'];
}

function membershipOf({ user_id: userId, project_id: projectId }: Place, { from, to }: Change): Membership {
  return { userId, projectId, from, to };
}

function callOf({ user_id, project_id }: Place, change: Change) {
  return { about: `role of ${user_id} in ${project_id}`, draft: change };
}
