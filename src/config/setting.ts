import { z } from 'zod';
import { parseTime } from '../runtime/clock.ts';
import { isoDate } from '../runtime/month.ts';
import { Secret } from '../runtime/secret.ts';

/** What the documentation and the example say of a key, beside what its schema says. */
export interface About {
  readonly description: string;
  /** What can be written there: `a number of seconds`. */
  readonly takes: string;
  /** As it would be written; absent when there is none. */
  readonly default?: string;
  /** Its value in config.example.yaml, where the keys without one are commented out. */
  readonly example?: string;
  /** What stands there when it is commented out and has no default. */
  readonly suggestion?: string;
  /** Never shown; may also be given as `<key>_file`, and by the environment. */
  readonly secret?: boolean;
  /** A key with nothing after it is not the same as no key. */
  readonly mayNotBeEmpty?: boolean;
  /** Another variable of the environment that a secret is taken from: what others call it. */
  readonly variable?: string;
}

/** What is known of each key. */
export const about = z.registry<About>();

type Facts = Omit<About, 'takes' | 'default' | 'secret'> & { readonly default?: string };

/** A kind of value: its schema, from the text in the file, and how to say what it takes. */
interface Kind<Value> {
  readonly schema: z.ZodType<Value>;
  readonly takes: string;
  readonly secret?: true;
}

/** A key that may be left out, with or without a default. */
export function optional<Value>(
  kind: Kind<Value>,
  facts: Facts & { readonly default: string },
): z.ZodType<Value>;
export function optional<Value>(kind: Kind<Value>, facts: Facts): z.ZodType<Value | undefined>;
export function optional<Value>(kind: Kind<Value>, facts: Facts): z.ZodType<Value | undefined> {
  // The default is a text as well: it takes the same way through the schema as what people write.
  const schema = facts.default === undefined ? kind.schema.optional() : kind.schema.prefault(facts.default);
  return schema.register(about, describe(kind, facts));
}

/** A key without which nothing can start. */
export function required<Value>(kind: Kind<Value>, facts: Facts): z.ZodType<Value> {
  return kind.schema.clone().register(about, describe(kind, facts));
}

function describe(kind: Kind<unknown>, facts: Facts): About {
  return { ...facts, takes: kind.takes, ...(kind.secret ? { secret: true } : {}) };
}

const single = z.string({ error: 'is a list or a section, give a single value' });

/** Any text. */
export const text: Kind<string> = { schema: single, takes: 'a text' };

/** A text that is never shown. */
export const secret: Kind<Secret> = {
  schema: single.transform((value) => new Secret(value)),
  takes: 'a text',
  secret: true,
};

/** The path of a file or folder, as written. */
export const path: Kind<string> = {
  schema: single,
  takes: 'a path, absolute or from the folder of this file',
};

/** An HTTP address, given back without a slash at its end. */
export const url: Kind<string> = {
  schema: single.transform((value, context) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    const problem = parsed ? problemOfUrl(parsed) : 'is not an address, write it as http://host:port/path';
    if (problem === undefined) return value.replace(/\/+$/, '');
    return reject(context, problem);
  }),
  takes: 'an address that begins with `http://` or `https://`',
};

function problemOfUrl(parsed: URL): string | undefined {
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return 'is no address of a web service, begin it with http:// or https://';
  }
  if (parsed.username || parsed.password)
    return 'holds a user or a password, give those under their own keys';
  if (parsed.search || parsed.hash) return 'goes on after its path, remove what follows the ? or the #';
  return undefined;
}

/** A host's name or IP address. */
export const host: Kind<string> = {
  schema: single.refine((value) => /^[\w.:-]+$/.test(value) && !/^[^:]+:\d+$/.test(value), {
    error: 'is not the name or the IP address of a host, write it without scheme, port or path',
  }),
  takes: 'a host name or an IP address',
};

/**
 * A name that begins the keys of a cloud's templates, with a colon after it (`plan/cloud-view.ts`). Other keys there begin
 * with `tag:` and `deleted-flavor:`. It also names a folder, and variables of the environment.
 */
export const cloudName: Kind<string> = {
  schema: single.refine((value) => /^(?!(tag|deleted-flavor)$)[a-z\d][\w.-]{0,31}$/i.test(value), {
    error:
      'cannot be the name of a cloud, give up to 32 letters, digits, - _ or . that begin with a letter or digit, and not tag or deleted-flavor',
  }),
  takes: 'up to 32 letters, digits, `-`, `_`, `.`; not `tag` or `deleted-flavor`',
};

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): Kind<number> {
  return {
    schema: single.transform((value, context) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max
        ? number
        : reject(context, `is not a whole number from ${min} to ${max}, give such a number`);
    }),
    takes: `a whole number from ${min} to ${max}`,
  };
}

/** A TCP port. */
export const port = whole(1, 65_535);

/** A share of a whole, as `0.3` or `30%`, given back from 0 to 1. */
export const share: Kind<number> = {
  schema: single.transform((value, context) => {
    const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(value) ?? [];
    const number = digits === undefined ? Number.NaN : Number(digits) / (percent ? 100 : 1);
    return number >= 0 && number <= 1 ? number : reject(context, 'is not a share, write it as 0.3 or 30%');
  }),
  takes: 'a share such as `0.3` or `30%`',
};

/** A day, as `2026-12-01`. */
export const day: Kind<string> = {
  schema: single.transform((value, context) => {
    const isDay = /^\d{4}-\d\d-\d\d$/.test(value) && isoDayOf(value) === value;
    return isDay ? value : reject(context, 'is not a day, write it as 2026-12-01');
  }),
  takes: 'a day such as `2026-12-01`',
};

/** The day as JavaScript counts it: the 31st of a month with 30 days becomes the 1st of the next. */
function isoDayOf(text: string): string | undefined {
  const ms = parseTime(`${text}T00:00:00Z`);
  return ms === undefined ? undefined : isoDate(ms);
}

const unitsOfTime: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A time in seconds, or with a unit, given back in milliseconds. */
export function duration(minSeconds: number, maxSeconds: number): Kind<number> {
  return {
    schema: single.transform((value, context) => {
      const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(value) ?? [];
      const ms = Math.round(Number(digits) * (unitsOfTime[unit] ?? Number.NaN));
      return ms >= minSeconds * 1000 && ms <= maxSeconds * 1000
        ? ms
        : reject(
            context,
            `is not a time from ${minSeconds} s to ${maxSeconds} s, write seconds or 90s, 5m, 1h`,
          );
    }),
    takes: `a number of seconds, or a time such as \`90s\`, \`5m\`, \`1h\`; from ${minSeconds} s to ${maxSeconds} s`,
  };
}

const unitsOfSize: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9 };

/** A size, given back in bytes. */
export const size: Kind<number> = {
  schema: single.transform((value, context) => {
    const [, digits, unit = ''] = /^(\d{1,9})\s*([kmg]b)$/i.exec(value) ?? [];
    const bytes = Number(digits) * (unitsOfSize[unit.toLowerCase()] ?? Number.NaN);
    return bytes >= 1000 ? bytes : reject(context, 'is not a size, write it as 20 MB');
  }),
  takes: 'a size such as `500 kB`, `20 MB`, `1 GB`',
};

/** Yes or no, in YAML's spellings. */
export const flag: Kind<boolean> = {
  schema: single.transform((value, context) => {
    if (/^(true|yes|on)$/i.test(value)) return true;
    if (/^(false|no|off)$/i.test(value)) return false;
    return reject(context, 'is neither true nor false, write one of the two');
  }),
  takes: '`true` or `false`',
};

/** One of some words, in any case; `also` maps other spellings to them. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  also: Readonly<Record<string, Word>> = {},
): Kind<Word> {
  return {
    schema: single.transform((value, context) => {
      const lower = value.toLowerCase();
      const word =
        words.find((candidate) => candidate === lower) ??
        (Object.hasOwn(also, lower) ? also[lower] : undefined);
      return word ?? reject(context, `is none of the words it can be, write one of ${words.join(', ')}`);
    }),
    takes: `one of ${words.map((word) => `\`${word}\``).join(', ')}`,
  };
}

/** One value or a list of them. */
export function listOf<Value>(kind: Kind<Value>): Kind<Value[]> {
  return {
    schema: z.preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z
        .array(kind.schema, { error: 'is a section, give a value or a list of values' })
        .min(1, { error: 'is an empty list, put a value into it or remove the key' }),
    ),
    takes: `${kind.takes}, or a list of such`,
  };
}

function reject(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
