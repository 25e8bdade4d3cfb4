/** The cloud of the live tests, as the openrc file that test/openstack/up has written tells of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session } from '../../src/openstack/session.ts';
import { Secret } from '../../src/runtime/secret.ts';

/** @throws when it is not set */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: source the openrc that test/openstack/up has written.`);
  return value;
}

/** The settings of another region or cloud, which the openrc file in its state folder has. */
export function openrcIn(state: string): (name: string) => string {
  const lines = readFileSync(join(state, 'concertim-openrc'), 'utf8').matchAll(/^export (\w+)=(.*)$/gm);
  const values = new Map([...lines].map(([, name, value]) => [name, value]));
  return (name) => {
    const value = values.get(name);
    if (!value) throw new Error(`${state}/concertim-openrc does not set ${name}`);
    return value;
  };
}

/** What the section `openstack` of config.yaml has to say. */
export function openstackSection() {
  return {
    auth_url: setting('OS_AUTH_URL'),
    username: setting('OS_USERNAME'),
    password: setting('OS_PASSWORD'),
    user_domain_name: setting('OS_USER_DOMAIN_NAME'),
    project_name: setting('OS_PROJECT_NAME'),
    project_domain_name: setting('OS_PROJECT_DOMAIN_NAME'),
    region_name: setting('OS_REGION_NAME'),
  };
}

/** Signs in as the service does, or as another whose password is the same. */
export function signIn(
  user = setting('OS_USERNAME'),
  project = setting('OS_PROJECT_NAME'),
  region = setting('OS_REGION_NAME'),
): Session {
  return new Session({
    credentials: {
      kind: 'password',
      authUrl: setting('OS_AUTH_URL'),
      user: { name: user, domain: { name: setting('OS_USER_DOMAIN_NAME') } },
      password: new Secret(setting('OS_PASSWORD')),
      project: { name: project, domain: { name: setting('OS_PROJECT_DOMAIN_NAME') } },
    },
    region,
  });
}
