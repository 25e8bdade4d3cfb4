import { hash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Rack } from '../concertim/model.ts';
import type { Logger } from '../observability/logger.ts';
import type { NetworkId, ServerGroupId, ServerId, StackId, VolumeId } from '../openstack/model.ts';
import { clusterTypeOf } from '../plan/cluster-type.ts';
import type { RememberedTree, StackTree } from '../plan/observation.ts';
import { creationOutput, outputsKey } from '../plan/outputs.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { explain } from '../runtime/severity.ts';
import { KeptRows } from './kept-rows.ts';

interface Entry extends RememberedTree {
  /** undefined: the tree may have changed since without a new revision. */
  readonly revision: string | undefined;
  /** Digest of the outputs that racks show. Outputs may contain passwords, which must not be in a file. */
  readonly outputs: string;
}

/** Not transformed one by one: a start reads tens of thousands. */
const ids = <Id extends string>() => z.array(z.string()) as unknown as z.ZodType<Id[]>;

const File = z.object({
  version: z.literal(1),
  trees: z.record(
    z.string(),
    z.object({
      revision: z.string().optional(),
      outputs: z.string(),
      clusterType: z.string().optional(),
      servers: ids<ServerId>(),
      serverGroups: ids<ServerGroupId>(),
      volumes: ids<VolumeId>(),
      networks: ids<NetworkId>(),
    }),
  ),
});

/**
 * A cache of the stack trees as last read, so that only changed trees are read again. With a file, a restart needs no requests
 * either; if the file is lost or damaged, every tree is read once more. It is in `data_dir` and not in the portal, because portal
 * users could change it there.
 *
 * The process that writes to the portal writes the file; `plan` reads it. Processes in other containers have none.
 */
export class TreeMemory {
  readonly #kept: { readonly file: string; readonly log: Logger } | undefined;
  #trees: KeptRows<StackId, Entry> | undefined;
  #isSaved = true;
  #hasFailed = false;

  /** @param kept default: no file, so that a new process reads all trees */
  constructor(kept?: { readonly file: string; readonly log: Logger }) {
    this.#kept = kept;
  }

  /** By the id of the root; the same map until another tree is remembered. */
  get trees(): ReadonlyMap<StackId, RememberedTree> {
    return this.#entries.all;
  }

  get #entries(): KeptRows<StackId, Entry> {
    this.#trees ??= new KeptRows();
    return this.#trees;
  }

  /** Reads the file on the first call. Never fails. */
  async load(): Promise<void> {
    if (this.#trees !== undefined || this.#kept === undefined) return;
    const { file, log } = this.#kept;
    try {
      const { trees } = File.parse(JSON.parse(await readFile(file, 'utf8')));
      this.#entries.replace(
        new Map(
          Object.entries(trees).map(([id, { revision, clusterType, ...tree }]) => [
            id as StackId,
            { ...tree, revision, clusterType },
          ]),
        ),
      );
    } catch (error) {
      this.#trees = new KeptRows();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      log.warn({ file, why: explain(error) }, 'stack cache unreadable, reading all stacks');
    }
  }

  /** Whether the tree was read at this revision, and the rack shows the outputs that it had. */
  isShown(id: StackId, revision: string, { creationOutput: field, metadata }: Rack): boolean {
    const entry = this.#entries.get(id);
    const shown = metadata[outputsKey];
    return (
      entry?.revision === revision &&
      typeof shown === 'string' &&
      (field === undefined || field === shown) &&
      entry.outputs === digest(shown)
    );
  }

  /** Notes a tree that was read. */
  note({ root, revision }: StackTree, content: NonNullable<StackTree['content']>): void {
    const { servers, serverGroups, volumes, networks, outputs } = content;
    this.#isSaved = false;
    this.#entries.set(root.id, {
      revision: revision.settled ? revision.text : undefined,
      outputs: digest(creationOutput(outputs)),
      clusterType: clusterTypeOf(content),
      servers,
      serverGroups,
      volumes,
      networks,
    });
  }

  /** Forgets all stacks for which `isThere` is false. */
  retain(isThere: (id: StackId) => boolean): void {
    for (const [id] of this.#entries.entries()) {
      if (isThere(id)) continue;
      this.#entries.delete(id);
      this.#isSaved = false;
    }
  }

  /** Writes the file if something has changed. Never fails: the next call tries again. */
  async save(): Promise<void> {
    if (this.#kept === undefined || this.#isSaved) return;
    const { file, log } = this.#kept;
    const draft = `${file}.${process.pid}`;
    const content = { version: 1, trees: Object.fromEntries(this.#entries.entries()) };
    try {
      makeFolder(dirname(file));
      await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
      // A process that reads meanwhile sees the old file or the new one, never a part.
      await rename(draft, file);
      this.#isSaved = true;
      this.#hasFailed = false;
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      if (!this.#hasFailed) log.warn({ file, why: explain(error) }, 'failed to write stack cache');
      this.#hasFailed = true;
    }
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'base64');
}
