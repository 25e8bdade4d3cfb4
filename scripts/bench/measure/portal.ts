import { type Figure, figureOf, type Sample } from '../figure.ts';
import { type Setting, Stage } from '../stage.ts';

/** Of one process of Puma. */
const threads = 5;

/**
 * What the service costs a portal that is as slow as the real one, where nothing happens: its time in one run, and the share of
 * its time over a whole interval.
 */
export async function measurePortal(setting: Setting): Promise<Figure[]> {
  await using stage = await Stage.set(setting, {}, { portalSpeed: 'real' });
  const { sandbox } = stage;
  await using service = await stage.service('updates_bulk');
  await service.ask('run');
  await sandbox.ask('slowPortal');
  const portalMs = async <T>(work: () => Promise<T>): Promise<{ answer: T; ms: number }> => {
    const before = await sandbox.ask('portalBusyMs');
    const answer = await work();
    return { answer, ms: (await sandbox.ask('portalBusyMs')) - before };
  };

  const runs: Sample[] = [];
  for (let at = 0; at < setting.repetitions; at++) {
    const { answer, ms } = await portalMs(() => service.ask('run'));
    runs.push({ seconds: answer.seconds, 'portal ms': ms, peakRssMb: answer.peakRssMb });
  }

  await service.ask('serve');
  const restarted = await portalMs(() => service.ask('nextRun'));
  // After a first run that took longer than the interval the second is due at once.
  await service.ask('nextRun');
  const startedAt = performance.now();
  const interval = await portalMs(() => service.ask('nextRun'));
  const elapsedMs = performance.now() - startedAt;
  return [
    figureOf({ ...setting, name: 'portal/idle run' }, runs),
    figureOf({ ...setting, name: 'portal/interval' }, [
      {
        'seconds of the first run': ofRun(restarted.answer.ms) / 1_000,
        'portal ms of the first run': restarted.ms,
        seconds: elapsedMs / 1_000,
        'portal ms': interval.ms,
        'percent of its threads': (100 * interval.ms) / elapsedMs / threads,
      },
    ]),
  ];
}

function ofRun({ observe, plan, apply }: Readonly<Record<'observe' | 'plan' | 'apply', number>>): number {
  return observe + plan + apply;
}
