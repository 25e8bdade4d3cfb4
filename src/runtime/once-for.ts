/**
 * Pure work that is done once for the same objects, for as long as these are in memory. They must not change: a list in which something
 * has changed is another list.
 */
export function onceFor<const Given extends readonly WeakKey[], Made extends object>(
  work: (...given: Given) => Made,
): (...given: Given) => Made {
  const made: Branch<Made> = new WeakMap();
  return (...given) => {
    let at = made;
    for (const one of given.slice(0, -1)) {
      let next = at.get(one) as Branch<Made> | undefined;
      if (!next) at.set(one, (next = new WeakMap()));
      at = next;
    }
    const last = given.at(-1) as WeakKey;
    let result = at.get(last) as Made | undefined;
    if (!result) at.set(last, (result = work(...given)));
    return result;
  };
}

type Branch<Made> = WeakMap<WeakKey, Made | Branch<Made>>;
