import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { systemClock } from '../runtime/clock.ts';
import { printable } from '../runtime/printable.ts';
import { describePause, WritePause } from '../runtime/write-pause.ts';
import { exitCodes } from './exit-codes.ts';

export interface PauseOptions {
  readonly config?: string;
  readonly reason?: string;
}

/** `pause`: the running service writes nothing more to the portal, also after a restart. @returns the exit code */
export async function pause({ config, reason }: PauseOptions): Promise<number> {
  const paused = await writePauseOf(config).begin(reason);
  console.log(printable(`Writing to the portal is ${describePause(paused)}. \`resume\` ends that.`));
  return exitCodes.success;
}

/** `resume`: the running service writes again. @returns the exit code */
export async function resume({ config }: PauseOptions): Promise<number> {
  const writePause = writePauseOf(config);
  const paused = await writePause.look();
  await writePause.end();
  const was = paused ? `was ${describePause(paused)}; it goes on with a full run` : 'was not paused';
  console.log(printable(`Writing to the portal ${was}.`));
  return exitCodes.success;
}

/** @throws {ConfigError} there is no place for it */
function writePauseOf(file: string | undefined): WritePause {
  const { dataDir } = loadConfig({ file });
  if (dataDir !== undefined) return new WritePause({ dataDir, clock: systemClock });
  throw new ConfigError([
    'A pause is a file in data_dir, and none is configured. ' +
      'Set data_dir, for the service and for this command; or use the button on the status page of the process that writes.',
  ]);
}
