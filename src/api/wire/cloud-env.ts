import { z } from 'zod';
import type { CloudLogin } from '../../operations/cloud-login.ts';
import { Secret } from '../../runtime/secret.ts';

/** What no name or id in a request may contain: it would end up in the cloud, in logs and on pages. */
const printable = /^[^\p{Cc}\p{Cs}]*$/u;

/** A short text. */
export const Text = z.string().min(1).max(255).regex(printable, 'has characters that cannot be printed');

/** A text that is hidden from here on. */
export const SecretText = z
  .string()
  .min(1)
  .max(4096)
  .transform((text) => new Secret(text));

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * After a change of a user's e-mail alone, portals from 1.0.1 on send null as the password: they replaced the stored one by the new
 * one, and there was no new one.
 */
const OwnPassword = z
  .string({
    error: ({ input }) =>
      input === null
        ? 'is null: Concertim has lost the password that this user has in the cloud. Set a new password for the user in Concertim'
        : undefined,
  })
  .pipe(SecretText);

/** An id of Keystone's, which has no dashes; the portal keeps some ids as UUIDs, which have. */
export const KeystoneId = Text.transform((id) => (uuid.test(id) ? id.replaceAll('-', '') : id));

/** `"True"`, `"yes"` and `"1"` are true as well. */
const Flag = z
  .union([z.boolean(), z.string()])
  .transform((value) => /^(true|yes|on|1)$/i.test(String(value).trim()));

/** The fields of a login; in a query they stand by themselves. */
export const CloudEnvFields = z.object({
  auth_url: z
    .string()
    .max(2048)
    .describe("Keystone's address: a configured one or one of `api.allowed_auth_urls`; it names the cloud"),
  region_name: Text.nullish().describe(
    'of several clouds with one `auth_url` the wanted one; default: the first. What has an id is found in each',
  ),
  user_id: KeystoneId.nullish().describe('with or without dashes'),
  username: Text.nullish().describe('instead of `user_id`, with its domain'),
  user_domain_id: Text.nullish(),
  user_domain_name: Text.nullish(),
  password: OwnPassword,
  project_id: KeystoneId.nullish(),
  project_name: Text.nullish().describe('instead of `project_id`, with its domain'),
  project_domain_id: Text.nullish(),
  project_domain_name: Text.nullish(),
  billing_enabled: Flag.nullish().describe('also as text, such as `"True"`'),
});

/** Said together with what else is wrong, and not only once all else is right. */
function missing(field: string) {
  const isObject = ({ value }: { value: unknown }) => typeof value === 'object' && value !== null;
  return { path: [field], error: 'is missing', when: isObject };
}

/** On whose behalf the request is made. The portal sends `auth_url`, `user_id`, `password` and `project_id`. */
export const CloudEnv = CloudEnvFields.refine((env) => env.user_id || env.username, missing('user_id'))
  .refine((env) => env.project_id || env.project_name, missing('project_id'))
  .transform((env) => ({
    login: loginOf(env),
    /** Where new projects and users go, if it says so. */
    domain:
      domainOf(env.project_domain_id, env.project_domain_name) ??
      domainOf(env.user_domain_id, env.user_domain_name),
    billing: env.billing_enabled ?? false,
  }));
export type CloudEnv = z.output<typeof CloudEnv>;

function loginOf(env: z.output<typeof CloudEnvFields>): CloudLogin {
  const named = { id: 'default' };
  return {
    authUrl: env.auth_url,
    region: env.region_name ?? undefined,
    user: env.user_id
      ? { id: env.user_id }
      : { name: env.username ?? '', domain: domainOf(env.user_domain_id, env.user_domain_name) ?? named },
    password: env.password,
    project: env.project_id
      ? { id: env.project_id }
      : {
          name: env.project_name ?? '',
          domain: domainOf(env.project_domain_id, env.project_domain_name) ?? named,
        },
  };
}

function domainOf(id: string | null | undefined, name: string | null | undefined) {
  if (id) return { id };
  return name ? { name } : undefined;
}
