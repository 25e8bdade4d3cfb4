import { readFile, readlink } from 'node:fs/promises';

/**
 * Distinguishes one process from all others that ever ran: the boot of its host, its pid namespace, the pid, and when it
 * started, in clock ticks since the boot, since pids are reused. Linux reports all of these.
 */
export interface ProcessIdentity {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  readonly begun: string;
}

/** undefined: there is no such process, or no `/proc`. */
export async function identityOfProcess(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const [boot, namespace, begun] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
      beginOf(pid),
    ]);
    return { boot: boot.trim(), namespace, pid, begun };
  } catch {
    return undefined;
  }
}

/**
 * Whether a process certainly runs, or has certainly ended. `unknown` for one on another host, in another container, or from
 * before the last boot: the folder may be shared with any of these.
 */
export async function fateOf(identity: ProcessIdentity): Promise<'runs' | 'ended' | 'unknown'> {
  const own = await identityOfProcess(process.pid);
  if (own?.boot !== identity.boot || own.namespace !== identity.namespace) return 'unknown';
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'ended';
  }
  try {
    return (await beginOf(identity.pid)) === identity.begun ? 'runs' : 'ended';
  } catch {
    // `/proc` may hide processes of other users.
    return 'unknown';
  }
}

export function identityText({ boot, namespace, pid, begun }: ProcessIdentity): string {
  return [boot, namespace, pid, begun].join(' ');
}

/** undefined: the text has none. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, boot, namespace, pid, begun] = /([0-9a-f-]{36}) (pid:\[\d+\]) (\d+) (\d+)$/.exec(text) ?? [];
  if (!boot || !namespace || !pid || !begun) return undefined;
  return { boot, namespace, pid: Number(pid), begun };
}

/** The 22nd field of `/proc/PID/stat`; the second is a name in brackets, which may have blanks and brackets in it. */
async function beginOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The third field is the first of these. A zombie has ended, and waits for its parent to notice.
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  const begun = fields[22 - 3];
  if (begun === undefined) throw new Error(`/proc/${pid}/stat has no start time`);
  return begun;
}
