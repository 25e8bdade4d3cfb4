import { KillBillClient } from '../../src/billing/killbill/client.ts';
import { Session as PortalSession } from '../../src/concertim/session.ts';
import { Session as CloudSession, type SessionOptions } from '../../src/openstack/session.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

export type SandboxConfig = Sandbox['config'];

/** Signed in to both sides of a sandbox. */
export function sessionsOn(
  { openstack, concertim }: SandboxConfig,
  options: Pick<SessionOptions, 'onExchange' | 'clock' | 'random'> = {},
): { cloud: CloudSession; portal: PortalSession; close: () => Promise<void> } {
  const domain = { name: 'Default' };
  const cloud = new CloudSession({
    credentials: {
      kind: 'password',
      authUrl: openstack.auth_url,
      user: { name: openstack.username, domain },
      password: new Secret(openstack.password),
      project: { name: openstack.project_name, domain },
    },
    region: openstack.region_name,
    ...options,
  });
  const portal = new PortalSession({
    url: concertim.concertim_url,
    login: concertim.concertim_username,
    password: new Secret(concertim.concertim_password),
    ...options,
  });
  return {
    cloud,
    portal,
    async close() {
      await Promise.all([cloud.close(), portal.close()]);
    },
  };
}

/** A client of a sandbox's KillBill. */
export function killBillOn(
  { services }: Pick<Sandbox, 'services'>,
  options: Pick<SessionOptions, 'clock'> = {},
): KillBillClient {
  const { username, password, apiKey, apiSecret } = killBillLogin;
  return new KillBillClient({
    url: services.killbill.url,
    username,
    password: new Secret(password),
    apiKey: new Secret(apiKey),
    apiSecret: new Secret(apiSecret),
    ...options,
  });
}
