import type { ComponentName } from '../components.ts';
import type { Health } from '../observability/health.ts';

/** A part of the service that runs by itself. */
export interface Component {
  readonly name: ComponentName;
  /** Of each of its parts. */
  readonly healths: readonly Health[];
  /** Until the signal is aborted; rejects only when it cannot go on. */
  run(signal: AbortSignal): Promise<void>;
  /** One cycle. @returns whether all went well */
  runOnce(signal: AbortSignal): Promise<boolean>;
}
