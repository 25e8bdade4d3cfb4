import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** Secrets that are known, so that they can be searched for: nobody else would write them. */
export class Canaries {
  readonly #texts: readonly string[];

  constructor(texts: readonly string[]) {
    this.#texts = [...texts, ...recognisable];
  }

  /** Where one was printed; the secret itself is not repeated. */
  foundIn(printed: readonly string[]): string[] {
    return printed.flatMap((text) =>
      this.#texts
        .filter((canary) => text.includes(canary))
        .map((canary) => `…${text.slice(0, 200).replaceAll(canary, '[CANARY]')}… has ${canary.slice(0, 9)}…`),
    );
  }
}

/** How the sandbox's Keystone tokens, the portal's tokens, and private keys begin. */
const recognisable = ['gAAAAA', 'eyJhbGciOi', 'PRIVATE KEY'];

const cloudPassword = 'canary-cloud-pa55word';
const portalPassword = 'canary-portal-pa55word';
const userPassword = 'canary-user-pa55word';
const outputValue = 'canary-stack-output';

/**
 * Gives a sandbox's account in the cloud, the one in the portal, the portal users' accounts in the cloud, and all outputs of all
 * stacks, values that can be searched for.
 *
 * @param more that the caller has planted elsewhere, such as in a RabbitMQ
 * @returns what the product's config.yaml has to say then, and the same for all clouds
 */
export function plantCanaries(
  sandbox: Sandbox,
  more: readonly string[] = [],
): { canaries: Canaries; config: Sandbox['config']; configOfAll: Sandbox['configOfAll'] } {
  const { clouds, portal, config } = sandbox;
  for (const { cloud, population } of clouds) {
    cloud.identity.updateUser(population.concertim, { password: cloudPassword });
    for (const { user } of population.accounts) cloud.identity.updateUser(user, { password: userPassword });
  }
  const admin = portal.users.all().find(({ root }) => root);
  if (admin) portal.users.update(admin.id, { password: portalPassword });
  for (const { orchestration } of clouds.map(({ cloud }) => cloud)) {
    for (const { id, outputs } of orchestration.stacks()) {
      for (const name of [...Object.keys(outputs), 'admin_password'])
        orchestration.setOutput(id, name, `${outputValue} ${name}`);
    }
  }
  const openstack = { ...config.openstack, password: cloudPassword };
  const concertim = { ...config.concertim, concertim_password: portalPassword };
  return {
    canaries: new Canaries([cloudPassword, portalPassword, userPassword, outputValue, ...more]),
    config: { openstack, concertim },
    configOfAll: (more = () => ({})) => ({
      ...sandbox.configOfAll((cloud) => ({
        openstack: { ...cloud.config.openstack, password: cloudPassword },
        ...more(cloud),
      })),
      concertim,
    }),
  };
}
