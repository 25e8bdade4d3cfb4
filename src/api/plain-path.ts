/**
 * The address of a request as the routes have it. A portal whose base URL ends with a slash asks for `//user`; one whose
 * base URL has a path puts it before some of its calls and leaves it out of others.
 *
 * @param prefix begins with a slash, ends with none
 */
export function plainPath(url: string, prefix?: string): string {
  const [path = '', ...query] = url.split('?');
  const plain = path.replace(/\/{2,}/g, '/');
  const below =
    prefix !== undefined && `${plain}/`.startsWith(`${prefix}/`) ? plain.slice(prefix.length) : plain;
  return [below || '/', ...query].join('?');
}
