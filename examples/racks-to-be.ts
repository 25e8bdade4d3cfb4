/**
 * Which racks a cloud's stacks would become, without a portal:
 *
 *     OS_AUTH_URL=… OS_USERNAME=… OS_PASSWORD=… OS_PROJECT_NAME=admin node examples/racks-to-be.ts PROJECT_ID…
 */
import { explain, readCloud, Secret } from 'concertim-openstack-service';
import { type ProjectId, Session } from 'concertim-openstack-service/openstack';
import { changesOf, defaultPlanSettings, emptyPortal, plan } from 'concertim-openstack-service/plan';

const { OS_AUTH_URL = '', OS_USERNAME = '', OS_PASSWORD = '', OS_PROJECT_NAME = 'admin' } = process.env;
const projects = process.argv.slice(2) as ProjectId[];
if (!OS_AUTH_URL || !OS_USERNAME || !OS_PASSWORD || projects.length === 0) {
  console.error('Needed: OS_AUTH_URL, OS_USERNAME and OS_PASSWORD in the environment, and ids of projects.');
  process.exit(1);
}
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

try {
  const portal = emptyPortal(projects);
  const { cloud, unread } = await readCloud(session, portal);
  for (const change of changesOf(plan(cloud, portal, defaultPlanSettings))) {
    if (change.kind === 'create-rack') {
      const { name, status } = change.draft;
      const tree = cloud.trees.find(({ root }) => root.name === name);
      console.log(`${name}: ${status}, ${tree?.content?.servers.length ?? 'unknown'} servers`);
    }
  }
  for (const { object, name, error } of unread) console.error(`${object} ${name}: ${explain(error)}`);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
} finally {
  await session.close();
}
