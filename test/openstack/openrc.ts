/** The cloud of the live tests, as the openrc file that test/openstack/up has written tells of it. */
import { Session } from '../../src/openstack/session.ts';
import { Secret } from '../../src/runtime/secret.ts';

/** @throws when it is not set */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: source the openrc that test/openstack/up has written.`);
  return value;
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
export function signIn(user = setting('OS_USERNAME'), project = setting('OS_PROJECT_NAME')): Session {
  return new Session({
    credentials: {
      kind: 'password',
      authUrl: setting('OS_AUTH_URL'),
      user: { name: user, domain: { name: setting('OS_USER_DOMAIN_NAME') } },
      password: new Secret(setting('OS_PASSWORD')),
      project: { name: project, domain: { name: setting('OS_PROJECT_DOMAIN_NAME') } },
    },
    region: setting('OS_REGION_NAME'),
  });
}
