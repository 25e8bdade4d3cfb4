/** An object as it is in a manifest. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** The class of a kind. Its constructor copies an object, so `validate` is called on ours. */
interface Kind {
  readonly prototype: { validate(this: object): void };
}

/**
 * What is wrong with an object, by the published schemas of Kubernetes and of the Prometheus operator: fields of a wrong
 * type, fields that are missing, and fields that no schema ever looks at.
 */
export async function problemsOf(object: KubernetesObject): Promise<string[]> {
  const { apiVersion, kind } = object;
  const models = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
  const kinds = (await import(`${models}/${apiVersion}/${kind}`)) as Record<string, Kind>;
  const known = kinds[kind];
  if (!known) return [`there is no kind ${kind} in ${apiVersion}`];
  const read = new Set<string>();
  const problems: string[] = [];
  try {
    known.prototype.validate.call(watched(object, '', read));
  } catch (error) {
    problems.push(String(error));
  }
  for (const path of pathsOf(object, '')) if (!read.has(path)) problems.push(`${path} is no field`);
  return problems.map((problem) => `${kind} ${object.metadata.name}: ${problem}`);
}

/** The same object, which records the path of every field that is read. */
function watched<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, key) {
      const child: unknown = Reflect.get(target, key);
      if (typeof key !== 'string' || typeof child === 'function') return child;
      read.add(`${path}/${key}`);
      return typeof child === 'object' && child !== null ? watched(child, `${path}/${key}`, read) : child;
    },
  });
}

/** The paths of all fields, without the keys of maps of texts, which users choose. */
function pathsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || isMapOfTexts(path)) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    `${path}/${key}`,
    ...pathsOf(child, `${path}/${key}`),
  ]);
}

function isMapOfTexts(path: string): boolean {
  return /\/(labels|annotations|matchLabels|nodeSelector|data|stringData|limits|requests|selector)$/.test(
    path,
  );
}
