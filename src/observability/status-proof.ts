import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { keptSecret, readKeptSecret } from '../runtime/kept-secret.ts';
import type { Secret } from '../runtime/secret.ts';

/**
 * How a process shows that what it says of itself comes from this service: any program of the machine may listen on a port that a
 * component has left. Who asks sends a number of chance; the answer bears a code of that number, the port and the text, made with a
 * secret that the processes share in `data_dir`. The port is in it so that nobody can pass on another process's answer.
 */

const file = 'status-proof';
/** Header of the number of chance, in the request. */
export const challengeHeader = 'x-status-challenge';
/** Header of the code, in the answer. */
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
