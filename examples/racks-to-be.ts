/**
 * Which racks a cloud's stacks would become, without a portal:
 *
 *     OS_AUTH_URL=… OS_USERNAME=… OS_PASSWORD=… OS_PROJECT_NAME=admin node examples/racks-to-be.ts PROJECT_ID…
 */
import { readCloud, Secret } from 'concertim-openstack-service';
import { type ProjectId, Session } from 'concertim-openstack-service/openstack';
import { changesOf, defaultPlanSettings, emptyPortal, plan } from 'concertim-openstack-service/plan';

const { OS_AUTH_URL = '', OS_USERNAME = '', OS_PASSWORD = '', OS_PROJECT_NAME = 'admin' } = process.env;
const domain = { name: process.env['OS_USER_DOMAIN_NAME'] ?? 'Default' };
const session = new Session({
  credentials: {
    kind: 'password',
    authUrl: OS_AUTH_URL,
    user: { name: OS_USERNAME, domain },
    password: new Secret(OS_PASSWORD),
    project: { name: OS_PROJECT_NAME, domain },
  },
});

const portal = emptyPortal(process.argv.slice(2) as ProjectId[]);
const { cloud, unread } = await readCloud(session, portal);
await session.close();

for (const change of changesOf(plan(cloud, portal, defaultPlanSettings))) {
  if (change.kind === 'create-rack') {
    const devices = cloud.trees.find(({ root }) => root.name === change.draft.name)?.content?.servers.length;
    console.log(`${change.draft.name}: ${change.draft.status}, ${devices ?? 'unknown'} servers`);
  }
}
for (const { object, name, error } of unread) console.error(`${object} ${name}: ${String(error)}`);
