import { systemClock } from '../../../src/runtime/clock.ts';
import { ended, startCommand } from '../command.ts';
import { type Figure, figureOf, percentile, type Sample } from '../figure.ts';
import { onListeningStage } from '../listening-stage.ts';
import type { Setting, Stage } from '../stage.ts';

const singles = 500;
const inBurst = 200;

/** No full run comes in between. */
const settings = { updates: { interval: 3_600 } };

/** From a change in the cloud to the answered PATCH of its device: one at a time, and many at once; through RabbitMQ. */
export function measureEvents(setting: Setting): Promise<Figure[]> {
  return onListeningStage('events', setting, settings, (stage) => measureOn(stage, setting));
}

async function measureOn(stage: Stage, setting: Setting): Promise<Figure[]> {
  const args = ['run', 'updates_bulk', 'updates_mq', '-c', stage.config];
  const { process } = startCommand(args);
  try {
    await untilIdle(stage);
    await stage.sandbox.ask('singleEvents', 100);
    const samples: Record<'single' | 'burst', Sample[]> = { single: [], burst: [] };
    for (let at = 0; at < setting.repetitions; at++) {
      samples.single.push(summary(await stage.sandbox.ask('singleEvents', singles)));
      samples.burst.push(summary(await stage.sandbox.ask('burst', inBurst)));
    }
    return Object.entries(samples).map(([name, of]) => figureOf({ ...setting, name: `events/${name}` }, of));
  } finally {
    process.kill();
    await ended(process);
  }
}

function summary(times: readonly number[]): Sample {
  return {
    events: times.length,
    'p50 ms': percentile(times, 0.5),
    'p99 ms': percentile(times, 0.99),
    'most ms': percentile(times, 1),
  };
}

/** Until the first full run is over: everything is shown, and no further requests come. */
async function untilIdle({ sandbox }: Stage): Promise<void> {
  let before = -1;
  for (let quiet = 0; quiet < 4; ) {
    await systemClock.sleep(500);
    const count = (await sandbox.ask('counts')).requests['concertim'] ?? 0;
    quiet = count === before && (await sandbox.ask('isShown')) ? quiet + 1 : 0;
    before = count;
  }
}
