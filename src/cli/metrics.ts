import { loadConfig } from '../config/load.ts';
import { describeInstance, instanceJson } from '../metrics/describe-instance.ts';
import { printable } from '../runtime/printable.ts';
import { Service } from '../service.ts';
import { jsonText } from './json-text.ts';
import { onStandardError, withProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export interface MetricsOptions {
  readonly config?: string;
  readonly instance: string;
  readonly json?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/** `metrics`: the measures of an instance, and how its figures come about. @returns the exit code */
export async function metrics({ config: file, instance, json, timeout }: MetricsOptions): Promise<number> {
  const config = loadConfig({ file });
  // The explanation is the output: only what a person must know goes beside it.
  await using service = new Service({ config: { ...config, logLevel: 'critical' }, components: [] });
  using stop = stopSignal();
  const explanation = await withProgress(
    (signal) => service.explainMetrics(instance, signal),
    onStandardError(service, timeout, stop.signal),
  );
  if (json) console.log(jsonText(instanceJson(explanation)));
  else console.log(printable(describeInstance(explanation)));
  return 0;
}
