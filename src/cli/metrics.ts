import { loadConfig } from '../config/load.ts';
import { Service } from '../service.ts';
import { stopSignal } from './stop-signal.ts';

export interface MetricsOptions {
  readonly config?: string;
  readonly instance: string;
}

/** `metrics`: the measures of an instance, and how its figures come about. @returns the exit code */
export async function metrics({ config: file, instance }: MetricsOptions): Promise<number> {
  const config = loadConfig({ file });
  // The explanation is the output: only what a person must know goes beside it.
  await using service = new Service({ config: { ...config, logLevel: 'critical' }, components: [] });
  using stop = stopSignal();
  console.log(await service.explainMetrics(instance, stop.signal));
  return 0;
}
