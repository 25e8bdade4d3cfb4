import { z } from 'zod';
import type * as concertim from '../model.ts';
import { accountFields, toAccount } from './account.ts';
import { Id } from './id.ts';
import { keystoneId } from './keystone-id.ts';

/**
 * `GET /api/v1/users`. The portal leaves out the cloud's ids of super-users, which in v0.2.1 is the only way to
 * recognize them. Some releases write `cloud_user_id` with dashes, and those with teams have no `project_id`.
 */
export const User = z
  .object({
    id: Id,
    login: z.string(),
    root: z.boolean().optional(),
    cloud_user_id: z.string().nullish(),
    project_id: z.string().nullish(),
    status: z.string().optional(),
    team_roles: z
      .array(z.object({ team_id: Id }))
      .nullish()
      .catch(undefined),
    ...accountFields,
  })
  .transform(
    (user): concertim.User => ({
      id: user.id as concertim.UserId,
      login: user.login,
      root: user.root ?? user.cloud_user_id === undefined,
      cloudUserId: keystoneId(user.cloud_user_id),
      projectId: keystoneId(user.project_id),
      leaving: user.status === 'pending deletion',
      teamIds: (user.team_roles ?? []).map((role) => role.team_id as concertim.Team['id']),
      account: toAccount(user),
    }),
  );
