import { z } from 'zod';
import { CloudEnv, SecretText, Text } from './cloud-env.ts';
import { accountFields, ProjectIdField, UserIdField } from './portal-ids.ts';
import { Username } from './user-project.ts';

/** `POST /user` */
export const CreateUser = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  username: Username,
  name: Text.nullish().describe('in full'),
  password: SecretText.describe('of the user that is made'),
  email: Text.nullish(),
});

export const UserBody = z.object({
  success: z.literal(true),
  username: z.string().describe('as it was sent'),
  user_cloud_id: z.string(),
  user_id: z.string().describe('the same'),
});

/** `PATCH /user`, `POST /change_user_details` */
export const ChangeUser = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  user_info: z.object({
    cloud_user_id: UserIdField,
    ...accountFields,
    new_data: z
      .strictObject({ email: Text.nullish(), password: SecretText.nullish() })
      .describe('what changes'),
  }),
});

export const ChangedUserBody = z.object({
  success: z.literal(true),
  updated: z.array(z.enum(['email', 'password'])),
});

/** `DELETE /user`, `DELETE /delete_user` */
export const DeleteUser = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  user_info: z.object({
    cloud_user_id: UserIdField.nullish(),
    project_id: ProjectIdField.nullish().describe("the user's own project, in releases before 1.2.0"),
    ...accountFields,
  }),
});

export const DoneBody = z.object({ success: z.literal(true) });
