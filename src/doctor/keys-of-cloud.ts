import { Cloud } from '../config/schema.ts';

const { openstack, rmq } = Cloud.shape;
const keys = Object.entries({ openstack, rmq }).flatMap(([section, { shape }]) =>
  Object.keys(shape).map((key) => `${section}\\.${key}`),
);
/** A host may have a name like that: `keystone.openstack.example`. */
const keyInText = new RegExp(`(?<![\\w.-])(${keys.join('|')})(?![\\w.-]*\\w)`, 'g');

/**
 * A text that names keys of a cloud as if it were the only one, with their full names: `clouds[1].openstack.auth_url`.
 *
 * @param path of the cloud's sections in config.yaml; empty: they stand at the top
 */
export function withKeysAt(path: string, text: string): string {
  return path === '' ? text : text.replaceAll(keyInText, (key) => `${path}.${key}`);
}
