/** Names and values, one below the other; of an object its own names and values. What is empty is left out. */
export function Fields({ fields }: { fields: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="fields">
      {Object.entries(fields).map(([name, value]) =>
        isEmpty(value) ? null : (
          <div key={name}>
            <dt>{name.replaceAll('_', ' ')}</dt>
            <dd>{isObject(value) ? <Inner value={value} /> : String(value)}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Inner({ value }: { value: object }) {
  return (
    <ul class="inner">
      {Object.entries(value).map(([name, inner]) => (
        <li key={name}>
          <span class="soft">{name}</span> {isObject(inner) ? JSON.stringify(inner) : String(inner)}
        </li>
      ))}
    </ul>
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return isObject(value) && Object.keys(value).length === 0;
}
