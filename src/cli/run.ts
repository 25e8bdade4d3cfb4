import { loadConfigWithSettings } from '../config/load.ts';
import { reopenLogFiles } from '../observability/log-file.ts';
import { Service } from '../service.ts';
import { componentsNamed } from './component-names.ts';
import { stopSignal } from './stop-signal.ts';

export interface RunOptions {
  readonly config?: string;
  readonly once?: boolean;
  readonly allowDeletions?: boolean;
  readonly logFormat?: 'json' | 'pretty';
}

/** `run`: the components named, or all. @returns the exit code */
export async function run(names: readonly string[], options: RunOptions): Promise<number> {
  const { config, file } = loadConfigWithSettings({ file: options.config });
  const components = componentsNamed(names, config);
  for (const notice of config.notices) process.stderr.write(`${notice}\n`);
  await using service = new Service({
    config,
    configFile: file,
    components,
    ...(options.logFormat && { logFormat: options.logFormat }),
    allowDeletions: options.allowDeletions ?? false,
  });
  using stop = stopSignal();
  // Where there are no log files, the end of the terminal is the end of the service.
  if (config.logDir !== undefined) process.on('SIGHUP', reopenLogFiles);
  if (options.once) return (await service.runOnce(stop.signal)) ? 0 : 1;
  await service.run(stop.signal);
  return 0;
}
