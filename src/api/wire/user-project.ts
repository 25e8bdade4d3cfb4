import { z } from 'zod';
import { CloudEnv, SecretText, Text } from './cloud-env.ts';
import { accountAnswer, accountFields, ProjectIdField, UserIdField } from './portal-ids.ts';

/** As long as the portal's own may be. */
export const Username = Text.max(80).regex(/^\S(.*\S)?$/, 'begins or ends with a space');

/** `POST /create_user_project` */
export const CreateUserProject = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  username: Username,
  password: SecretText.describe('of the user that is made'),
  email: Text.nullish(),
  cloud_user_id: UserIdField.nullish().describe('the id that the portal knows'),
  project_id: ProjectIdField.nullish().describe('the id that the portal knows'),
  ...accountFields,
});

export const UserProjectBody = z.object({
  success: z.literal(true),
  username: z.string().describe('as it was sent'),
  user_id: z.string(),
  user_cloud_id: z.string().describe('the same'),
  project_id: z.string(),
  ...accountAnswer,
});
