import { z } from 'zod';
import type * as concertim from '../model.ts';
import { accountFields, toAccount } from './account.ts';
import { Id } from './id.ts';
import { keystoneId } from './keystone-id.ts';

/** `GET /api/v1/teams`. One that is about to be deleted looks like any other. */
export const Team = z
  .object({ id: Id, name: z.string(), project_id: z.string().nullable(), ...accountFields })
  .transform(
    (team): concertim.Team => ({
      id: team.id as concertim.Team['id'],
      name: team.name,
      projectId: keystoneId(team.project_id),
      account: toAccount(team),
    }),
  );
