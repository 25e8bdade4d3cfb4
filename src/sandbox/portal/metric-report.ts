/** A metric as it is reported to the daemon. */
export interface Report {
  readonly name: string;
  readonly type: string;
  readonly value: number | string;
  readonly units: string;
  readonly slope: string;
  /** Seconds. */
  readonly ttl: number;
}

interface ReportError {
  readonly status?: number;
  readonly title: string;
  readonly detail: string;
  readonly source?: string;
}

export type ReadReport =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'refused'; readonly status: 400 | 422; readonly errors: readonly ReportError[] };

const types = 'string int8 uint8 int16 uint16 int32 uint32 float double'.split(' ');
const slopes = 'zero positive negative both derivative'.split(' ');

/** Go's types of the fields: a value of another JSON type is a 400; null counts as left out. */
const goTypes: Readonly<Record<string, string>> = {
  name: 'string',
  type: 'string',
  units: 'string',
  slope: 'string',
  ttl: 'int',
};

/** Reads the body of a report as the daemon does: first the JSON, then each field. */
export function readReport(body: string): ReadReport {
  const parsed = parse(body);
  if (typeof parsed === 'string') {
    return { kind: 'refused', status: 400, errors: [{ title: 'error parsing JSON body', detail: parsed }] };
  }
  const errors = complaintsAbout(parsed);
  if (errors.length > 0) return { kind: 'refused', status: 422, errors };
  const { name, type, value, units, slope, ttl } = parsed;
  const stored = typeof value === 'number' && isSigned(type) ? Math.abs(value) : value;
  return {
    kind: 'report',
    report: {
      name: String(name),
      type: String(type),
      value: stored as number | string,
      units: typeof units === 'string' ? units : '',
      slope: String(slope),
      ttl: Number(ttl),
    },
  };
}

/** A quirk of the daemon's: signed whole numbers lose their sign. */
function isSigned(type: unknown): boolean {
  return typeof type === 'string' && /^int\d+$/.test(type);
}

/** The fields by their names in small letters, or Go's words about what is wrong. What follows the first value is ignored. */
function parse(body: string): Readonly<Record<string, unknown>> | string {
  const sources = new Map<string, string>();
  const noteSource: (key: string, field: unknown, context?: { source?: string }) => unknown = (
    key,
    field,
    context,
  ) => {
    if (context?.source !== undefined) sources.set(key.toLowerCase(), context.source);
    return field;
  };
  let value: unknown;
  try {
    value = JSON.parse(firstValueOf(body), noteSource);
  } catch (error) {
    return wordsOfGo(body, String(error));
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'array' : typeof value;
    return `json: cannot unmarshal ${what} into Go value of type api.putMetricRequest`;
  }
  const fields = Object.fromEntries(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
  for (const [key, field] of Object.entries(fields)) {
    const source = sources.get(key) ?? '';
    const of = `into Go struct field putMetricRequest.${key} of type`;
    if (key === 'value' && typeof field === 'number' && !Number.isFinite(field)) {
      return `json: cannot unmarshal number ${source} ${of} float64`;
    }
    const expected = goTypes[key];
    if (expected === undefined || field === null) continue;
    if (expected === 'string' && typeof field !== 'string') {
      return `json: cannot unmarshal ${typeof field} ${of} string`;
    }
    if (expected === 'int' && !(typeof field === 'number' && /^-?\d{1,18}$/.test(source))) {
      const what = typeof field === 'number' ? `number ${source}` : typeof field;
      return `json: cannot unmarshal ${what} ${of} int`;
    }
  }
  return fields;
}

function firstValueOf(body: string): string {
  try {
    JSON.parse(body);
  } catch (error) {
    const end = /after JSON at position (\d+)/.exec(String(error))?.[1];
    if (end !== undefined) return body.slice(0, Number(end));
  }
  return body;
}

function wordsOfGo(body: string, problem: string): string {
  if (body.trim() === '') return 'EOF';
  const character = /Unexpected token '(.)'/.exec(problem)?.[1];
  if (character !== undefined) return `invalid character '${character}' looking for beginning of value`;
  return 'unexpected EOF';
}

function complaintsAbout(fields: Readonly<Record<string, unknown>>): ReportError[] {
  const errors: ReportError[] = [];
  const complain = (source: string, title: string, detail: string) =>
    errors.push({ status: 422, title, detail: `${source} ${detail}`, source });
  const { value, ttl } = fields;
  // They are texts, if they are there at all.
  const [name = '', type = '', units = '', slope = ''] = ['name', 'type', 'units', 'slope'].map((key) => {
    const text = fields[key];
    return typeof text === 'string' ? text : undefined;
  });
  const required = 'is a required field';

  if (!name) complain('name', 'required', required);
  else if (name.trim() === '') complain('name', 'notblank', 'cannot be blank');
  const isMissing = value === undefined || value === null;
  if (isMissing) complain('value', 'required', required);
  if (/[<>'"&]/.test(units)) {
    complain('units', 'excludesall', `cannot contain any of the following characters '<>'"&'`);
  }
  if (!type) complain('type', 'required', required);
  else if (!types.includes(type)) complain('type', 'oneof', `must be one of [${types.join(' ')}]`);
  if (!slope) complain('slope', 'required', required);
  else if (!slopes.includes(slope)) complain('slope', 'oneof', `must be one of [${slopes.join(' ')}]`);
  if (!ttl) complain('ttl', 'required', required);
  else if (Number(ttl) < 1) complain('ttl', 'min', 'must be 1 or greater');
  if (types.includes(type) && !isOfType(value, type)) {
    complain('value', 'validtype', `is not valid for type ${type}`);
  }
  return errors;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'string') return typeof value === 'string';
  if (typeof value !== 'number') return false;
  if (type === 'float' || type === 'double') return true;
  if (type.startsWith('u') && (value < 0 || Object.is(value, -0))) return false;
  return Math.abs(value - Math.round(value)) < 1e-9;
}
