import { z } from 'zod';
import { teamRoles } from '../../operations/team-roles.ts';
import { CloudEnv, Text } from './cloud-env.ts';
import { accountAnswer, accountFields, ProjectIdField, UserIdField } from './portal-ids.ts';

/** `POST /team` */
export const CreateTeam = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  name: Text.regex(/^\S(.*\S)?$/, 'begins or ends with a space'),
  project_id: ProjectIdField.nullish().describe('the id that the portal knows'),
  ...accountFields,
});

export const TeamBody = z.object({ success: z.literal(true), project_id: z.string(), ...accountAnswer });

/** `DELETE /team` */
export const DeleteTeam = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  team_info: z.object({ project_id: ProjectIdField.nullish(), ...accountFields }),
});

const Role = z.enum(teamRoles);
const place = { project_id: ProjectIdField, user_id: UserIdField };

/** `POST /team_role`, `DELETE /team_role` */
export const TeamRoleBody = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  team_role: z.object({ role: Role, ...place }),
});

/** `PATCH /team_role` */
export const ChangeTeamRole = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  team_role: z.object({ current_role: Role.nullish(), new_role: Role, ...place }),
});
