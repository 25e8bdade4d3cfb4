import { cpus, release, totalmem, type } from 'node:os';

/** Where the figures come from: without it they say nothing. */
export function describeMachine(): Record<string, string> {
  const processors = cpus();
  return {
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release().split('-')[0]}, ${process.arch}`,
    node: process.version,
  };
}
