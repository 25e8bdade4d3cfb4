import { z } from 'zod';
import { parseTime } from '../runtime/clock.ts';

/** A notification of an OpenStack service, out of its envelope. What is in it is a hint, never the truth. */
export interface Notification {
  /** Such as `compute.instance.power_off.end`. */
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** When it was sent, by the sender's clock, ms since 1970; undefined where it does not say. */
  readonly sentAt: number | undefined;
  /** The project of the user who caused it, where the sender names one. */
  readonly contextProjectId: string | undefined;
}

/** A message that cannot be parsed: it is dead-lettered with this as the reason. */
export class UnreadableMessageError extends Error {
  override readonly name = 'UnreadableMessageError';
}

/** Nova's largest notifications hold a request spec with a catalogue: some 100 kB. */
const mostBytes = 1024 * 1024;
/** Versioned payloads nest some ten deep. */
const mostDepth = 64;

/** `oslo.message` of oslo.messaging's envelope 2.0 (driver `messagingv2`): the notification as a text. */
const Envelope = z.object({ 'oslo.version': z.string(), 'oslo.message': z.string() });

const BareNotification = z.object({
  event_type: z.string().min(1),
  payload: z.record(z.string(), z.unknown()),
  _context_project_id: z.string().min(1).nullish().catch(undefined),
  timestamp: z.string().optional().catch(undefined),
});

/**
 * Takes a notification out of a message: bare (driver `messaging`) or in an envelope (`messagingv2`).
 *
 * @param bodySize bytes of the whole, where `body` may be its beginning alone
 * @throws {UnreadableMessageError}
 */
export function openEnvelope(body: Buffer, bodySize = body.length): Notification {
  const outer = parsed(body, 'the body', bodySize);
  const envelope = Envelope.safeParse(outer);
  const isEnveloped = typeof outer === 'object' && outer !== null && 'oslo.message' in outer;
  if (isEnveloped && !envelope.success) throw new UnreadableMessageError('oslo.message is not a text');

  const inner = envelope.success ? parsed(envelope.data['oslo.message'], 'oslo.message') : outer;
  const notification = BareNotification.safeParse(inner);
  if (!notification.success) {
    const fields = notification.error.issues.map(({ path }) => path.join('.') || 'the whole');
    throw new UnreadableMessageError(
      `not a notification: ${fields.join(', ')} is missing or of the wrong type`,
    );
  }
  const { event_type, payload, _context_project_id, timestamp } = notification.data;
  return {
    eventType: event_type,
    payload,
    sentAt: timestamp === undefined ? undefined : utcTime(timestamp),
    contextProjectId: _context_project_id ?? undefined,
  };
}

/** Python's `2026-11-22 19:16:53.120000`, which is UTC and does not say so. */
function utcTime(text: string): number | undefined {
  return parseTime(/^[\d-]+ [\d:.]+$/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
}

function parsed(body: Buffer | string, what: string, size = body.length): unknown {
  if (size > mostBytes) {
    throw new UnreadableMessageError(`${what} is too large: ${size} bytes, at most ${mostBytes} are read`);
  }
  const text = typeof body === 'string' ? body : decoded(body, what);
  if (isTooDeep(text)) {
    throw new UnreadableMessageError(`${what} is nested too deeply: at most ${mostDepth} levels are read`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableMessageError(`${what} is not JSON`);
  }
}

function decoded(bytes: Buffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableMessageError(`${what} is not UTF-8`);
  }
}

/** Before it is parsed: a megabyte of brackets would become a hundred of objects. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (inText) {
      if (char === backslash) at++;
      else if (char === quote) inText = false;
    } else if (char === quote) inText = true;
    else if (char === openBracket || char === openBrace) {
      if (++depth > mostDepth) return true;
    } else if (char === closeBracket || char === closeBrace) depth--;
  }
  return false;
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];
