import type { Child } from '../child.ts';
import { runCommand } from '../command.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import { Image } from '../image.ts';
import type { SandboxAnswers } from '../sandbox-process.ts';
import { type Setting, Stage } from '../stage.ts';

/** From so many seconds on a cold run is measured once. */
const longRun = 30;

/**
 * A full run on an empty portal, as the whole command of an image right after that (process start included), with nothing to do, and
 * with one server in a hundred changed.
 */
export async function measureRuns(setting: Setting): Promise<Figure[]> {
  const { repetitions } = setting;
  await using stage = await Stage.set(setting);
  const { sandbox } = stage;
  const samples: Record<'cold' | 'restart' | 'idle' | 'changed', Sample[]> = {
    cold: [],
    restart: [],
    idle: [],
    changed: [],
  };

  do {
    await sandbox.ask('emptyPortal');
    await using service = await stage.service('updates_bulk');
    samples.cold.push(await counted(sandbox, () => service.ask('run')));
  } while (samples.cold.length < repetitions && (samples.cold[0]?.['seconds'] ?? 0) < longRun);

  using image = await Image.build();
  const restart = () => runCommand(stage, ['run', 'updates_bulk', '--once'], image.command);
  // The first one compiles.
  await restart();
  for (let at = 0; at < repetitions; at++) samples.restart.push(await counted(sandbox, restart));

  await using service = await stage.service('updates_bulk');
  await service.ask('run');
  for (let at = 0; at < repetitions; at++) {
    samples.idle.push(await counted(sandbox, () => service.ask('run')));
    await sandbox.ask('changeOneInAHundred');
    samples.changed.push(await counted(sandbox, () => service.ask('run')));
  }
  return Object.entries(samples).map(([name, of]) => figureOf({ ...setting, name: `run/${name}` }, of));
}

/** A run with its requests by service. */
async function counted(
  sandbox: Child<SandboxAnswers>,
  run: () => Promise<{
    seconds: number;
    cpuSeconds: number;
    peakRssMb: number;
    ms?: Record<string, number> | undefined;
  }>,
): Promise<Sample> {
  await sandbox.ask('forget');
  const { seconds, cpuSeconds, peakRssMb, ms } = await run();
  const { requests, mostInFlight, cpuSeconds: sandboxCpuSeconds } = await sandbox.ask('counts');
  const openStack = Object.entries(requests).filter(([service]) => service !== 'concertim');
  return {
    seconds,
    cpuSeconds,
    peakRssMb,
    ...(ms && { 'observe ms': ms['observe'] ?? 0, 'plan ms': ms['plan'] ?? 0, 'apply ms': ms['apply'] ?? 0 }),
    openStackRequests: openStack.reduce((sum, [, count]) => sum + count, 0),
    ...named('requests', requests),
    ...named('in flight', mostInFlight),
    sandboxCpuSeconds,
  };
}

function named(what: string, counts: Readonly<Record<string, number>>): Sample {
  return Object.fromEntries(Object.entries(counts).map(([service, count]) => [`${what} ${service}`, count]));
}
