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
 * What everybody gets once where there is no billing platform: portals refuse to launch a cluster without credits. Nobody's
 * credits are lowered, and what an administrator sets afterwards stays: who has had them is kept in `data_dir`.
 */
export class FreeCredits {
  readonly amount: number;
  readonly #journal: Journal<z.infer<typeof Entry>> | undefined;
  #given: Set<string> | undefined;

  constructor({ amount, dataDir }: { readonly amount: number; readonly dataDir: string | undefined }) {
    this.amount = amount;
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'credits.jsonl'), Entry);
  }

  /** Those who have a project, fewer credits, and have not had them yet. */
  async due<Owner extends Account>(owners: readonly Owner[]): Promise<Owner[]> {
    const given = await this.#read();
    return owners.filter(
      ({ projectId, account: { credits } }) =>
        projectId !== null && (credits ?? 0) < this.amount && !given.has(projectId),
    );
  }

  /** They have them now. */
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
