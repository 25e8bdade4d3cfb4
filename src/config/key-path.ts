/** Where a key stands: the names of sections and the places in lists, from the top. */
export type KeyPath = readonly (string | number)[];

/** `clouds[0].openstack.auth_url` */
export function pathText(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text ? `${text}.${part}` : part;
  }, '');
}
