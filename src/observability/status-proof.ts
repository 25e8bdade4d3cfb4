import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { keptSecret, readKeptSecret } from '../runtime/kept-secret.ts';
import type { Secret } from '../runtime/secret.ts';

/**
 * How a process proves that its status comes from this service: any program on the machine may listen on a
 * port that a component has left. The client sends a random challenge; the answer carries an HMAC of the
 * challenge, the port and the text, with a secret that the processes share in `data_dir`. The HMAC includes
 * the port, so that no program can relay another process's answer.
 */

const file = 'status-proof';
/** Request header of the random challenge. */
export const challengeHeader = 'x-status-challenge';
/** Response header of the HMAC. */
export const proofHeader = 'x-status-proof';

/** For the process that answers; undefined: the secret cannot be stored, and nothing can be proven. */
export function proofSecret(dataDir: string): Secret | undefined {
  try {
    return keptSecret(join(dataDir, file));
  } catch {
    return undefined;
  }
}

/** For the process that sends the request; undefined: it cannot check the proof, as when its user may not read `data_dir`. */
export function readProofSecret(dataDir: string): Secret | undefined {
  try {
    return readKeptSecret(join(dataDir, file));
  } catch {
    return undefined;
  }
}

export interface ProvenAnswer {
  readonly challenge: string;
  /** The port of the request. */
  readonly port: number;
  readonly text: string;
}

export function proofOf(secret: Secret, { challenge, port, text }: ProvenAnswer): string {
  return createHmac('sha256', secret.reveal()).update(`${challenge}\n${port}\n${text}`).digest('hex');
}

export function isProven(secret: Secret, answer: ProvenAnswer, proof: string | undefined): boolean {
  const expected = Buffer.from(proofOf(secret, answer));
  const given = Buffer.from(proof ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
