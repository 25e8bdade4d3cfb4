/**
 * A project and a user of the cloud for somebody, as the portal asks for at sign-up; called again it changes nothing. The
 * password is taken from the environment:
 *
 *     CLOUD_PASSWORD=… node examples/sign-up.ts config.yaml USERNAME
 */
import { explain, loadConfig, Secret } from 'concertim-openstack-service';
import { Session } from 'concertim-openstack-service/openstack';
import { createUserProject } from 'concertim-openstack-service/operations';

async function main(file: string, username: string, password: string): Promise<void> {
  const session = new Session(loadConfig({ file }).clouds[0].openstack);
  try {
    const draft = {
      username,
      password: new Secret(password),
      email: undefined,
      knownUserId: undefined,
      knownProjectId: undefined,
      domain: undefined,
      billing: false,
    };
    const { userId, projectId } = await createUserProject(session, draft, ({ verb, kind, name }) =>
      console.error(`${verb} ${kind} ${name}`),
    );
    console.log(`user ${userId}, project ${projectId}`);
  } finally {
    await session.close();
  }
}

const [file, username] = process.argv.slice(2);
const { CLOUD_PASSWORD: password } = process.env;
try {
  if (!file || !username || !password)
    throw new Error(
      'Needed: CLOUD_PASSWORD in the environment, the path of a config.yaml, and a name of a user.',
    );
  await main(file, username, password);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
