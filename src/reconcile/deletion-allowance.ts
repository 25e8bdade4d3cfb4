import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Clock, isoTime, parseTime } from '../runtime/clock.ts';
import { makeFolder } from '../runtime/make-folder.ts';

/** What one full run may delete although the policy would refuse it, because a person has approved the plan. */
export const Allowance = z.strictObject({
  /** What that plan deletes or recreates, as `removedObjects` names it. */
  objects: z.array(z.string()),
  /** ISO 8601 */
  until: z.iso.datetime(),
  /** The account that ran the command, for the log. */
  by: z.string().max(200),
});
export type Allowance = z.infer<typeof Allowance>;

/** Result of `take`. */
export type TakenAllowance =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly allowance: Allowance }
  | { readonly kind: 'void'; readonly because: string };

/**
 * The permission to delete once what the brake holds back, from the command `allow-deletions` to the process that writes: the
 * file `deletions-allowed` in `data_dir`. Who may write there may stop the service too, so the file needs no further proof.
 *
 * It is removed before it is used: a run that ends half-way leaves no permission behind.
 */
export class DeletionAllowance {
  readonly #file: string;
  readonly #clock: Clock;

  constructor({ dataDir, clock }: { readonly dataDir: string; readonly clock: Clock }) {
    this.#file = join(dataDir, 'deletions-allowed');
    this.#clock = clock;
  }

  /** Writes an allowance, and replaces an existing one. @throws the file cannot be written */
  async give(allowance: Allowance): Promise<void> {
    makeFolder(dirname(this.#file));
    const draft = `${this.#file}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(allowance)}\n`);
    await rename(draft, this.#file);
  }

  /** Takes the allowance, once. If its file cannot be removed it is void, since it would be valid again in the next run. */
  async take(): Promise<TakenAllowance> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' ? { kind: 'none' } : { kind: 'void', because: `it cannot be read (${code})` };
    }
    try {
      await rm(this.#file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return { kind: 'void', because: `its file cannot be removed (${code})` };
    }
    const allowance = parsed(text);
    if (!allowance) return { kind: 'void', because: 'it cannot be read' };
    if ((parseTime(allowance.until) ?? 0) <= this.#clock.now())
      return { kind: 'void', because: `it expired at ${allowance.until}` };
    return { kind: 'valid', allowance };
  }
}

function parsed(text: string): Allowance | undefined {
  try {
    return Allowance.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** When an allowance expires: late enough that two full runs may be under way or fail before one takes it. */
export function allowanceUntil(now: number, intervalMs: number): string {
  return isoTime(now + leastMs + 2 * intervalMs);
}

const leastMs = 600_000;
