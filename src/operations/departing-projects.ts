import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProjectId } from '../openstack/model.ts';
import { type Clock, isoTime, parseTime } from '../runtime/clock.ts';

/** When the deletion of each project was requested, ISO, by its id. */
const File = z.record(z.string(), z.string());

/** The portal gives up deleting a team long before; one that it kept gets its racks again. */
const rememberedMs = 3_600_000;

/**
 * Projects whose deletion the portal has requested. The portal does not mark such a team: racks that are made for it
 * meanwhile would vanish with it. Kept in `data_dir`, where the other processes of a machine read it; without one it is
 * known to this process alone.
 */
export class DepartingProjects {
  readonly #file: string | undefined;
  readonly #clock: Clock;
  readonly #own = new Map<string, string>();
  #writing: Promise<void> = Promise.resolve();

  constructor({ dataDir, clock }: { readonly dataDir: string | undefined; readonly clock: Clock }) {
    this.#file = dataDir && join(dataDir, 'departing-projects.json');
    this.#clock = clock;
  }

  /** How many are remembered by this process. */
  get size(): number {
    return this.#own.size;
  }

  async add(projectId: ProjectId): Promise<void> {
    for (const [id, at] of this.#own) if (!this.#isRecent(at)) this.#own.delete(id);
    this.#own.set(projectId, isoTime(this.#clock.now()));
    // One after the other: each writes what it has read, with its own.
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    await this.#writing;
  }

  /** Ids of them all. A file that cannot be read counts as empty: then a rack too many is made, and none too few. */
  async read(): Promise<ReadonlySet<string>> {
    return new Set(Object.keys(await this.#all()));
  }

  async #write(): Promise<void> {
    if (this.#file === undefined) return;
    await mkdir(join(this.#file, '..'), { recursive: true });
    const draft = `${this.#file}.${process.pid}`;
    await writeFile(draft, JSON.stringify(await this.#all(), undefined, 2), { mode: 0o600 });
    await rename(draft, this.#file);
  }

  #isRecent(at: string): boolean {
    return (parseTime(at) ?? 0) >= this.#clock.now() - rememberedMs;
  }

  async #all(): Promise<Record<string, string>> {
    const all = { ...(await readEntries(this.#file)), ...Object.fromEntries(this.#own) };
    return Object.fromEntries(Object.entries(all).filter(([, at]) => this.#isRecent(at)));
  }
}

async function readEntries(file: string | undefined): Promise<Record<string, string>> {
  if (file === undefined) return {};
  try {
    return File.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}
