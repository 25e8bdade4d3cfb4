import { parseBody } from '../http/body.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import type { Session } from './session.ts';
import { VersionBody } from './wire/compute.ts';

/**
 * Nova's microversions that this service was made for, best first: 2.100 shows scheduler hints in lists, 2.96 and 2.90
 * are the newest of common releases, 2.79 shows `delete_on_termination` in volumes, 2.46 is the last with flavor ids.
 */
const preferred = ['2.100', '2.96', '2.90', '2.79', '2.46'];

/** The best of the range that Nova offers: one of those preferred, else its highest. */
export function chooseMicroversion(offered: { readonly min: string; readonly max: string }): string {
  const min = minorOf(offered.min) ?? 1;
  const max = minorOf(offered.max) ?? 1;
  const isOffered = (version: string) => {
    const minor = minorOf(version) ?? 0;
    return minor >= min && minor <= max;
  };
  return preferred.find(isOffered) ?? `2.${max}`;
}

interface Range {
  readonly min: string;
  readonly max: string;
}

const negotiated = new WeakMap<Session, Range>();
const negotiations = new WeakMap<Session, SingleFlight<Range>>();

/** Nova's microversion for this session, negotiated once. */
export async function microversion(session: Session, signal?: AbortSignal): Promise<string> {
  return chooseMicroversion(await rangeOf(session, signal));
}

/** Whether Nova supports that microversion, such as `2.92`. */
export async function knowsMicroversion(session: Session, version: string): Promise<boolean> {
  const { max } = await rangeOf(session);
  return (minorOf(max) ?? 1) >= (minorOf(version) ?? 0);
}

async function rangeOf(session: Session, signal?: AbortSignal): Promise<Range> {
  const known = negotiated.get(session);
  if (known !== undefined) return known;
  let negotiation = negotiations.get(session);
  if (!negotiation) {
    negotiation = new SingleFlight(() => negotiate(session));
    negotiations.set(session, negotiation);
  }
  return negotiation.join(signal);
}

/** Makes the next request ask again: Nova may have become an older one. */
export function forgetMicroversion(session: Session): void {
  negotiated.delete(session);
}

async function negotiate(session: Session): Promise<Range> {
  const response = await session.request('compute', { method: 'GET', path: '/', route: '/', project: null });
  const { version } = parseBody(response, VersionBody);
  const range = { min: version.min_version, max: version.version };
  negotiated.set(session, range);
  return range;
}

/** `2.90` → 90. Numbers, because 2.100 is above 2.96. */
function minorOf(version: string): number | undefined {
  const minor = /^2\.(\d+)$/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
