import { z } from 'zod';
import type { ProjectId, UserId } from '../../openstack/model.ts';
import { CloudEnv, KeystoneId, SecretText, Text } from './cloud-env.ts';

/** `CM_<username>_proj` has to fit into the 64 characters of a project's name. */
const Username = Text.max(56).regex(/^\S(.*\S)?$/, 'begins or ends with a space');

/** `POST /create_user_project` */
export const CreateUserProject = z.object({
  cloud_env: CloudEnv.describe("an administrator's"),
  username: Username,
  password: SecretText.describe('of the user that is made'),
  email: Text.nullish(),
  cloud_user_id: KeystoneId.transform((id) => id as UserId)
    .nullish()
    .describe('the id that the portal knows'),
  project_id: KeystoneId.transform((id) => id as ProjectId)
    .nullish()
    .describe('the id that the portal knows'),
});

export const UserProjectBody = z.object({
  username: z.string().describe("the user's name in the cloud"),
  user_id: z.string(),
  project_id: z.string(),
});
