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

/** A random part that Heat gives to what it creates, so that no two are alike: 12 characters. */
const heatPart = /-[a-z2-7]{12}(?=-|$)/g;

/**
 * What tells volumes and networks of a rack from each other, by their names: without the stack's name before, and without
 * Heat's random parts where the rest still differs, such as `node-group-0-node-volume`.
 */
export function shortNames(names: readonly string[], stack: string): string[] {
  // The portal allows underscores in the name of a rack, but not of a device, where they are dashes.
  const before = `${stack}-`.replaceAll('_', '-');
  const own = names.map((name) =>
    name.replaceAll('_', '-').startsWith(before) ? name.slice(before.length) : name,
  );
  const plain = own.map((name) => name.replaceAll(heatPart, ''));
  return own.map((name, at) => {
    const short = plain[at] ?? '';
    return short !== '' && plain.indexOf(short) === plain.lastIndexOf(short) ? short : name;
  });
}
