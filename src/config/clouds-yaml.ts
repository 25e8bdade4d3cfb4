import { resolve } from 'node:path';
import type { Place, Problems } from './problems.ts';
import { readFile } from './read-file.ts';
import { parseYaml, type YamlEntry, type YamlMap } from './yaml-tree.ts';

/** Files in which OpenStack's own tools look, in their order. The first that is there counts. */
export interface CloudsFiles {
  readonly clouds: readonly string[];
  readonly secure: readonly string[];
}

/** The standard search path of clouds.yaml and secure.yaml. */
export function cloudsFiles(env: NodeJS.ProcessEnv, home: string): CloudsFiles {
  const folders = [
    '.',
    resolve(env['XDG_CONFIG_HOME'] || resolve(home, '.config'), 'openstack'),
    '/etc/openstack',
  ];
  const files = (first: string | undefined, name: string) => [
    ...(first ? [first] : []),
    ...folders.map((folder) => resolve(folder, name)),
  ];
  return {
    clouds: files(env['OS_CLIENT_CONFIG_FILE'], 'clouds.yaml'),
    secure: files(env['OS_CLIENT_SECURE_FILE'], 'secure.yaml'),
  };
}

/** What `auth` may hold: all that says who signs in and where. */
export const authKeys = [
  'auth_url',
  'username',
  'user_id',
  'password',
  'user_domain_name',
  'user_domain_id',
  'project_name',
  'project_id',
  'project_domain_name',
  'project_domain_id',
  'tenant_name',
  'tenant_id',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
] as const;

const supportedAuthTypes = new Set(['password', 'v3password', 'v2password', 'v3applicationcredential']);

/**
 * A section `openstack` with the keys of the cloud it names: how to sign in comes from clouds.yaml alone, the rest
 * (region, interface, certificates) where the section itself does not say it.
 */
export function withCloud(
  openstack: YamlMap,
  section: string,
  files: CloudsFiles,
  problems: Problems,
): YamlMap {
  const named = openstack.entries.get('cloud');
  if (named?.node.kind !== 'text' || named.node.text === undefined) return openstack;
  for (const key of authKeys.flatMap((key) => [key, `${key}_file`])) {
    const entry = openstack.entries.get(key);
    if (entry)
      problems.add(entry.at, `${section}.${key}`, `is given beside ${section}.cloud, remove one of the two`);
  }
  const key = { at: named.at, path: `${section}.cloud` };
  const cloud = findCloud(named.node.text, key, files, problems);
  if (!cloud) return openstack;
  const entries = new Map([...keysOfCloud(cloud, problems), ...openstack.entries]);
  return { ...openstack, entries };
}

/** Of the key that names a cloud. */
interface KeyPlace {
  readonly at: Place;
  readonly path: string;
}

function findCloud(name: string, key: KeyPlace, files: CloudsFiles, problems: Problems): YamlMap | undefined {
  const clouds = firstFile(files.clouds, key, problems);
  if (clouds === undefined) {
    problems.add(key.at, key.path, `no clouds.yaml is there, put one at ${files.clouds.join(' or ')}`);
    return undefined;
  }
  const cloud = clouds && mapAt(mapAt(clouds, 'clouds'), name);
  if (!cloud) {
    if (clouds)
      problems.add(key.at, key.path, `no such cloud is in ${clouds.at.file}, give one of its names`);
    return undefined;
  }
  const secure = firstFile(files.secure, key, problems);
  const secrets = secure && mapAt(mapAt(secure, 'clouds'), name);
  return secrets ? merged(cloud, secrets) : cloud;
}

/** The first file that is there; null when it cannot be used, which is said then. */
function firstFile(
  paths: readonly string[],
  { at, path: key }: KeyPlace,
  problems: Problems,
): YamlMap | null | undefined {
  for (const path of paths) {
    const content = readFile(path);
    if ('missing' in content) continue;
    if ('problem' in content) {
      problems.add(at, key, content.problem);
      return null;
    }
    return parseYaml(content.text, path, problems) ?? null;
  }
  return undefined;
}

function keysOfCloud(cloud: YamlMap, problems: Problems): Map<string, YamlEntry> {
  const keys = new Map<string, YamlEntry>();
  const take = (from: YamlMap | undefined, key: string, as: string = key) => {
    const entry = from?.entries.get(key);
    if (entry) keys.set(as, entry);
  };
  const auth = mapAt(cloud, 'auth');
  for (const key of ['user_domain', 'project_domain']) {
    for (const form of ['name', 'id']) take(auth, `default_domain_${form}`, `${key}_${form}`);
    for (const form of ['name', 'id']) take(auth, `domain_${form}`, `${key}_${form}`);
  }
  for (const key of authKeys) take(auth, key);
  take(cloud, 'endpoint_type', 'interface');
  for (const key of ['region_name', 'interface', 'cacert']) take(cloud, key);
  takeVerify(cloud, keys);

  const authType = cloud.entries.get('auth_type');
  if (authType?.node.kind === 'text' && authType.node.text && !supportedAuthTypes.has(authType.node.text)) {
    problems.add(
      authType.at,
      'auth_type',
      `is not supported, use one of ${[...supportedAuthTypes].join(', ')}`,
    );
  }
  const profile = cloud.entries.get('profile');
  if (profile) {
    problems.add(
      profile.at,
      'profile',
      'is not supported, write what the profile says into the cloud itself',
    );
  }
  return keys;
}

/** `verify: false` is `insecure: true`. */
function takeVerify(cloud: YamlMap, keys: Map<string, YamlEntry>): void {
  const verify = cloud.entries.get('verify');
  if (verify?.node.kind !== 'text' || !/^(false|no|off)$/i.test(verify.node.text ?? '')) return;
  keys.set('insecure', { at: verify.at, node: { ...verify.node, text: 'true' } });
}

function merged(base: YamlMap, over: YamlMap): YamlMap {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)?.node;
    const node = below?.kind === 'map' && entry.node.kind === 'map' ? merged(below, entry.node) : entry.node;
    entries.set(key, { at: entry.at, node });
  }
  return { ...base, entries };
}

function mapAt(map: YamlMap | undefined, key: string): YamlMap | undefined {
  const node = map?.entries.get(key)?.node;
  return node?.kind === 'map' ? node : undefined;
}
