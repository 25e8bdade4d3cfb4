import { join } from 'node:path';
import { z } from 'zod';
import { Journal } from './journal.ts';

const Entry = z.object({ project: z.string() });

/** A portal account that can have credits. */
interface Account {
  readonly projectId: string | null;
  /** `credits` is undefined where the portal's release does not show them. */
  readonly account: { readonly credits: number | undefined };
}

/**
 * Gives every owner credits once where there is no billing platform, because portals refuse to launch a cluster without credits.
 * Credits are never lowered, and what an administrator sets later stays: `data_dir` keeps the list of owners who have had theirs.
 */
export class FreeCredits {
  readonly amount: number;
  readonly #journal: Journal<z.infer<typeof Entry>> | undefined;
  #given: Set<string> | undefined;

  constructor({ amount, dataDir }: { readonly amount: number; readonly dataDir: string | undefined }) {
    this.amount = amount;
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'credits.jsonl'), Entry);
  }

  /** Owners who have a project and fewer credits than this, and have not received them yet. */
  async due<Owner extends Account>(owners: readonly Owner[]): Promise<Owner[]> {
    const given = await this.#read();
    return owners.filter(
      ({ projectId, account: { credits } }) =>
        projectId !== null && (credits ?? 0) < this.amount && !given.has(projectId),
    );
  }

  /** Notes that an owner has received the credits. */
  async note({ projectId }: Account): Promise<void> {
    if (projectId === null) return;
    (await this.#read()).add(projectId);
    await this.#journal?.append({ project: projectId });
  }

  async #read(): Promise<Set<string>> {
    this.#given ??= new Set((await this.#journal?.read())?.map(({ project }) => project));
    return this.#given;
  }
}
