import { readFileSync, writeFileSync } from 'node:fs';

/** What a piece of work took of the machine. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The most memory in use at any moment of it, MiB. */
  readonly peakRssMb: number;
}

/** Begins to measure this process. Linux can forget the peak of what was before; elsewhere that is the process's own. */
export function measureUsage(): () => Usage {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed.
  }
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { cpuSeconds: (user + system) / 1e6, peakRssMb: peakRssMb() };
  };
}

/** Of this process. */
function peakRssMb(): number {
  try {
    return inMb(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    return inMb(String(process.resourceUsage().maxRSS));
  }
}

function inMb(kb: string | undefined): number {
  return Number(kb) / 1024;
}
