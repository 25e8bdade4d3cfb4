import { plainAuthUrl } from '../openstack/credentials.ts';
import { pathText } from './key-path.ts';
import type { Problems } from './problems.ts';
import type { ReadCloud, ReadSettings } from './read-settings.ts';
import { variableSuffix } from './secrets-of-environment.ts';

/** Reports clouds with one name, and one cloud that is listed twice: each would take the other's racks for its own. */
export function checkClouds(read: ReadSettings, problems: Problems): void {
  const { clouds } = read;
  const add = ({ path }: ReadCloud, keys: readonly string[], text: string) => {
    const places = [keys, keys.slice(0, -1), []].map((rest) => read.places.get(pathText([...path, ...rest])));
    const at = places.find((place) => place !== undefined);
    if (at) problems.addOnce(at, pathText([...path, ...keys]), text);
  };
  for (const [index, cloud] of clouds.entries()) {
    for (const earlier of clouds.slice(0, index)) {
      const other = pathText(earlier.path);
      if (nameOf(cloud) !== undefined && nameOf(cloud) === nameOf(earlier)) {
        const text = `is that of ${other}, or differs only in case and punctuation, give each cloud its own`;
        add(cloud, ['name'], text);
      }
      const [keystone, region] = addressOf(cloud);
      const [sameKeystone, otherRegion] = addressOf(earlier);
      if (keystone === undefined || keystone !== sameKeystone) continue;
      const unnamed = region === undefined ? cloud : otherRegion === undefined ? earlier : undefined;
      const text = unnamed
        ? 'is missing: another of the clouds has the same auth_url, give the region of each'
        : `is that of ${other}, which has the same auth_url, give another one or remove one of the two clouds`;
      if (unnamed || region === otherRegion) add(unnamed ?? cloud, ['openstack', 'region_name'], text);
    }
  }
}

/** undefined where there is none, which is reported already. */
function nameOf({ keys }: ReadCloud): string | undefined {
  const { name } = keys as Partial<typeof keys>;
  return name === undefined ? undefined : variableSuffix(name);
}

function addressOf({
  keys: { openstack },
}: ReadCloud): [keystone: string | undefined, region: string | undefined] {
  const { auth_url: url, region_name: region } = openstack;
  return [url === undefined ? undefined : plainAuthUrl(url), region];
}
