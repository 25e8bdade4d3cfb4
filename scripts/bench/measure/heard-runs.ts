import type { Child } from '../child.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import { onListeningStage } from '../listening-stage.ts';
import type { ServiceAnswers } from '../service-process.ts';
import type { Setting, Stage } from '../stage.ts';

/** Short, so that the runs follow each other; what else is announced comes in between. */
const settings = { updates: { interval: 5 } };

/** Runs until the complete lists are read again. */
const everyNth = 4;

/**
 * Full runs with nothing to do, where the cloud's notifications are heard: by what changed, and every fourth by complete lists. At
 * 50,000 servers the portal is filled first, which takes a minute.
 */
export function measureHeardRuns(setting: Setting): Promise<Figure[]> {
  return onListeningStage('heard runs', setting, settings, (stage) => measureOn(stage, setting));
}

async function measureOn(stage: Stage, setting: Setting): Promise<Figure[]> {
  {
    await using filling = await stage.service('updates_bulk');
    await filling.ask('run');
  }
  await using service = await stage.service('updates_bulk', 'updates_mq');
  await service.ask('serve');
  await nextRun(service);
  await stage.sandbox.ask('announceOnce');
  for (let at = 0; at < everyNth; at++) await nextRun(service);
  const samples: Record<'changed' | 'complete', Sample[]> = { changed: [], complete: [] };
  for (let at = 0; at < Math.max(2, setting.repetitions); at++) {
    const runs: Sample[] = [];
    while (runs.length < everyNth) runs.push(await nextRun(service));
    const most = Math.max(...runs.map(novaRequests));
    for (const run of runs) samples[novaRequests(run) === most ? 'complete' : 'changed'].push(run);
  }
  return Object.entries(samples).map(([name, of]) => figureOf({ ...setting, name: `heard run/${name}` }, of));
}

async function nextRun(service: Child<ServiceAnswers>): Promise<Sample> {
  const { ms, requests, cpuSeconds, peakRssMb } = await service.ask('nextRun');
  const byService = Object.entries(requests);
  const openStack = byService.filter(([name]) => name !== 'Concertim');
  return {
    seconds: (ms.observe + ms.plan + ms.apply) / 1_000,
    cpuSeconds,
    peakRssMb,
    openStackRequests: openStack.reduce((sum, [, count]) => sum + count, 0),
    ...Object.fromEntries(byService.map(([name, count]) => [`requests ${name.toLowerCase()}`, count])),
  };
}

function novaRequests(run: Sample): number {
  return run['requests nova'] ?? 0;
}
