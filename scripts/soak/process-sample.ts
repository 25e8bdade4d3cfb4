import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds at a moment, as Linux tells it. */
export interface ProcessSample {
  readonly rssMiB: number;
  readonly descriptors: number;
  readonly sockets: number;
}

/** @throws when there is no such process any more */
export function sampleProcess(pid: number): ProcessSample {
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed since it was listed.
      return undefined;
    }
  });
  const open = targets.filter((target) => target !== undefined);
  return {
    rssMiB: Number(rss) / 1024,
    descriptors: open.length,
    sockets: open.filter((target) => target.startsWith('socket:')).length,
  };
}
