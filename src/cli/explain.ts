import { loadConfig } from '../config/load.ts';
import { explainObject } from '../plan/explain.ts';
import { unreadIn } from '../reconcile/unread-in.ts';
import { printable } from '../runtime/printable.ts';
import { ServiceError } from '../runtime/severity.ts';
import { Service } from '../service.ts';
import { describeExplanations } from './describe-explanations.ts';
import { exitCodes } from './exit-codes.ts';
import { jsonText } from './json-text.ts';
import { onStandardError, withProgress } from './progress.ts';
import { screenSize } from './screen-size.ts';
import { stopSignal } from './stop-signal.ts';

export interface ExplainOptions {
  readonly config?: string;
  readonly json?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/** `explain`: why an object is shown as it is, or is not. @returns 0 explained; 1 there is no such object */
export async function explain(query: string, options: ExplainOptions): Promise<number> {
  const config = loadConfig({ file: options.config });
  await using service = new Service({ config: { ...config, logLevel: 'critical' }, components: [] });
  using stop = stopSignal();
  const survey = await withProgress(
    (signal) => service.plan(signal),
    onStandardError(service, options.timeout, stop.signal),
  );
  const { plan, portal, seen } = survey;
  const explanations = explainObject(query, { cloud: seen.cloud, portal, plan, settings: service.mapping });
  if (options.json) console.log(jsonText(explanations));
  else if (explanations.length > 0) {
    console.log(printable(describeExplanations(explanations, screenSize(process.stdout).columns)));
  }
  if (explanations.length > 0) return exitCodes.success;
  const unread = unreadIn({ seen, portal }).find(({ id, name }) => id === query || name === query);
  throw new ServiceError(
    unread
      ? `${unread.object} ${query} cannot be read: ${unread.problem}.`
      : `Neither the cloud nor the portal has a server, volume, network, stack, rack or device with the id or name ${query}.`,
    {
      severity: 'terminal',
      hint: 'Names are compared as a whole. A stack of a project without an owner in the portal is found by its id.',
    },
  );
}
