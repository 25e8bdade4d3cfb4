import { askStatuses, type StatusPlaces, statusPlaces } from '../ask-status.ts';
import { componentsFor, healthFolder } from '../components.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { describeHealth, readHealth } from '../observability/sign.ts';
import type { Status } from '../observability/status.ts';
import { systemClock } from '../runtime/clock.ts';
import { printable } from '../runtime/printable.ts';
import { ServiceError } from '../runtime/severity.ts';
import { describeStatus, markOf } from './describe-status.ts';
import { jsonText } from './json-text.ts';
import { screenSize } from './screen-size.ts';
import { stopSignal } from './stop-signal.ts';
import { watch } from './watch.ts';

export interface StatusOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
  /** Of processes elsewhere. */
  readonly url?: readonly string[];
  /** How long one process may take to answer, s. */
  readonly timeout: number;
}

/** What is shown, and whether all of it does its work. */
interface Picture {
  readonly text: string;
  readonly isWell: boolean;
}

/** `status`: what the running components did and are doing. @returns 0 all of them do their work; 1 not all */
export async function status(options: StatusOptions): Promise<number> {
  // Processes elsewhere can be queried without a configuration.
  const look = options.url
    ? () => askAll({ usual: options.url ?? [], standBy: [], proof: undefined }, options)
    : lookBy(loadConfig({ file: options.config }), options);
  if (!options.watch) {
    const { text, isWell } = await look();
    console.log(printable(text));
    return isWell ? 0 : 1;
  }
  using stop = stopSignal();
  const last = await watch(look, { clock: systemClock, screen: process.stdout, signal: stop.signal });
  return last.isWell ? 0 : 1;
}

/** Queries the processes of this machine where they serve; without a port it reads the signs that they leave. */
function lookBy(config: Config, options: StatusOptions): () => Promise<Picture> {
  const places = statusPlaces(config);
  if (places.usual.length > 0) return () => askAll(places, options, componentsFor(config));
  const { dataDir } = config;
  if (dataDir !== undefined) return () => readSigns(config, dataDir, options);
  throw new ServiceError('status reads observability.port or data_dir, and neither is configured.', {
    severity: 'fatal',
    hint: 'Set observability.port, and start the service again.',
  });
}

/** @param expected components of this machine; empty: of those places nothing is known */
async function askAll(
  places: StatusPlaces,
  { json, timeout }: StatusOptions,
  expected: readonly string[] = [],
): Promise<Picture> {
  const statuses = await askStatuses(places, timeout);
  if (json) return { text: jsonText(statuses), isWell: areWell(statuses) };
  if (statuses.length === 0) {
    const advice =
      expected.length > 0
        ? 'Is it started, by `concertim-openstack-service run` or its units, with this configuration?'
        : 'Does it run there with observability.port set, and with an observability.host that is reached from here?';
    return {
      text: `No component runs: nothing answers at ${places.usual.join(', ')}.\n${advice}`,
      isWell: false,
    };
  }
  const running = new Set(statuses.flatMap(({ components }) => components.map(({ component }) => component)));
  const absent = expected.filter((name) => !running.has(name));
  const parts = [describeStatus(statuses, systemClock.now(), screenSize(process.stdout).columns)];
  if (absent.length > 0) parts.push(`Not running on this machine: ${absent.join(', ')}`);
  const writers = writersOf(statuses);
  if (writers.length > 1) {
    parts.push(
      `✗ ${writers.length} processes write to the portal at once: ${writers.join(', ')}.\n` +
        'End all but one; or let them elect one, by rmq or a data_dir in common.',
    );
  }
  return { text: parts.join('\n\n'), isWell: areWell(statuses) };
}

function areWell(statuses: readonly Status[]): boolean {
  const areReady = statuses.every(({ components }) => components.every(({ ready }) => ready));
  return statuses.length > 0 && areReady && writersOf(statuses).length <= 1;
}

/** Their process ids. Where there is no election there may be more than one. */
function writersOf(statuses: readonly Status[]): number[] {
  return statuses.filter(({ updates }) => updates?.writer).map(({ pid }) => pid);
}

async function readSigns(config: Config, dataDir: string, { json }: StatusOptions): Promise<Picture> {
  const found = await Promise.all(
    componentsFor(config).map((name) => readHealth(healthFolder(dataDir), name, systemClock.now())),
  );
  const signs = found.flat();
  const isWell = signs.every(({ ready }) => ready);
  if (json) return { text: jsonText(signs), isWell };
  const lines = signs.map((sign) => `  ${markOf(sign)} ${describeHealth(sign)}`);
  return { text: [...lines, 'Set observability.port to see more here.'].join('\n'), isWell };
}
