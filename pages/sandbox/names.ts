/** What the service adds to a stack's name so that it is one of its kind: `--` and 22 characters; '' where it is not. */
export function stackEnding(name: string): string {
  return /--[\w-]{22}$/.exec(name)?.[0] ?? '';
}

/** What all names end with, from a `-` or `.` on, such as `-render-alces-network`; '' where that is none or all. */
export function sharedEnding(names: readonly string[]): string {
  const [first = '', ...others] = names;
  if (others.length === 0) return '';
  let length = 0;
  while (length < first.length && others.every((name) => name.at(-1 - length) === first.at(-1 - length)))
    length++;
  const shared = first.slice(first.length - length);
  const from = shared.search(/[-.]/);
  return from < 0 || length === first.length ? '' : shared.slice(from);
}
