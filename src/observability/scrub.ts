import { Secret } from '../runtime/secret.ts';
import { ServiceError } from '../runtime/severity.ts';

const hidden = '[hidden]';

/** Beyond this a structure is cut: it is a body that somebody logged whole. */
const maxDepth = 8;

/** Beyond this a text is cut, for the same reason. */
const maxText = 8_192;

/**
 * A value as it may be logged: what stands under a name that says password, token, key, cookie or output is
 * replaced, at any depth, in errors and their causes, arrays, maps and sets; so are `Secret`s and passwords inside
 * addresses. A value with nothing to hide is given back itself, not copied.
 */
export function scrub(value: unknown): unknown {
  return scrubbed(value, []);
}

function scrubbed(value: unknown, above: object[]): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return hidden;
  if (above.includes(value)) return '[circular]';
  if (above.length >= maxDepth) return '[too deep]';
  above.push(value);
  try {
    return scrubObject(value, above);
  } catch {
    // A getter of a stranger's object: what it throws must not stop the work that logs.
    return '[unreadable]';
  } finally {
    above.pop();
  }
}

function scrubObject(value: object, above: object[]): unknown {
  if (value instanceof Error) return scrubError(value, above);
  if (Array.isArray(value)) return scrubArray(value, above);
  if (value instanceof Map) return scrubFields(Object.fromEntries(value), above);
  if (value instanceof Set) return scrubArray([...value], above);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return scrubbed(value.toJSON(), above);
  return scrubFields(value, above);
}

function scrubArray(items: readonly unknown[], above: object[]): readonly unknown[] {
  const copy = items.map((item) => scrubbed(item, above));
  return copy.every((item, index) => item === items[index]) ? items : copy;
}

function scrubFields(object: object, above: object[]): object {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(object)) {
    const clean = isSensitive(name) ? hide(value) : scrubbed(value, above);
    if (clean === value) continue;
    copy ??= { ...object };
    copy[name] = clean;
  }
  return copy ?? object;
}

/** That a password is there, or is not, may be known. */
function hide(value: unknown): unknown {
  return value === undefined || value === null || typeof value === 'boolean' ? value : hidden;
}

/**
 * An error as fields: type, message, hint and its own simple fields, then its cause. Never a body or another object
 * that hangs on it. The stack is kept for the errors that nobody here threw on purpose.
 */
function scrubError(error: Error, above: object[]): object {
  const fields: Record<string, unknown> = { type: error.name, message: scrubText(error.message) };
  for (const [name, value] of Object.entries(error)) {
    if (name === 'name' || name === 'cause' || bodies.has(name) || !isSimple(value)) continue;
    fields[name] = isSensitive(name) ? hide(value) : scrubbed(value, above);
  }
  if (error.cause !== undefined) fields['cause'] = scrubbed(error.cause, above);
  if (error instanceof AggregateError) fields['errors'] = scrubArray(error.errors, above);
  if (!(error instanceof ServiceError)) fields['stack'] = scrubText(error.stack ?? '');
  return fields;
}

const bodies: ReadonlySet<string> = new Set(['body', 'text', 'data', 'response', 'request']);

function isSimple(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSimple);
  return value !== undefined && typeof value !== 'object' && typeof value !== 'function';
}

function scrubText(text: string): string {
  const short = text.length > maxText ? `${text.slice(0, maxText)}… [${text.length} characters]` : text;
  return short.includes('://') ? short.replace(/(\w:\/\/[^\s/:@]*):[^\s/]+@/g, `$1:${hidden}@`) : short;
}

const sensitive =
  /password|passw(or)?d|passphrase|adminpass|secret|token|authorization|cookie|credential|privatekey|apikey|jwt|userdata|^outputs?$|outputvalue|(stack|creation)outputs?$/;

/** Names come from a small set, over and over. */
const known = new Map<string, boolean>();

/** Whether what stands under this name, in any spelling, must not be seen. */
export function isSensitive(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const answer = sensitive.test(name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  if (known.size < 10_000) known.set(name, answer);
  return answer;
}
