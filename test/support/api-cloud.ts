import type { Credentials } from '../../src/openstack/credentials.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type RunningApi, type RunningApiOptions, startApi } from './api.ts';

/** A sandbox and an API server that may send credentials to its Keystone. */
export interface ApiCloud extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly api: RunningApi;
  /** `cloud_env` of the service's own account, an administrator. */
  readonly admin: Record<string, string>;
  /** `cloud_env` of a portal user's account. */
  readonly user: Record<string, string>;
  /** Ids of that user's servers. */
  readonly servers: readonly string[];
  /** Ids of that user's stacks. */
  readonly stacks: readonly string[];
}

export async function startApiCloud(
  options: { sandbox?: SandboxOptions; api?: Partial<RunningApiOptions> } = {},
): Promise<ApiCloud> {
  const sandbox = await startSandbox({ pace: 0, projects: 2, stacks: 2, servers: 2, ...options.sandbox });
  const { population, cloud, config } = sandbox;
  const authUrl = config.openstack.auth_url;
  const api = await startApi({ authUrls: [authUrl], credentials: ownCredentials(sandbox), ...options.api });
  const [account] = population.accounts;
  if (!account) throw new Error('a sandbox without accounts');
  const projectId = account.project.id;
  const stacks = [...cloud.orchestration.stacks(projectId).behind(undefined)].filter(
    (stack) => !stack.parent,
  );
  return {
    sandbox,
    api,
    admin: adminOf(sandbox),
    user: { auth_url: authUrl, user_id: account.user.id, password, project_id: projectId },
    servers: [...cloud.compute.servers({ projectId }).behind(undefined)].map(({ id }) => id),
    stacks: stacks.map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

/** Of the service's own account. */
export function ownCredentials({ population, config }: Sandbox): Credentials {
  return {
    kind: 'password',
    authUrl: config.openstack.auth_url,
    user: { id: population.concertim.id },
    password: new Secret(password),
    project: { id: population.admin.id },
  };
}

/** `cloud_env` of the service's own account. */
export function adminOf({ population, config }: Sandbox): Record<string, string> {
  return {
    auth_url: config.openstack.auth_url,
    user_id: population.concertim.id,
    password,
    project_id: population.admin.id,
  };
}
