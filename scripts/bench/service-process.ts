import type { ComponentName } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { keepHeapSmall } from '../../src/runtime/small-heap.ts';
import { Service } from '../../src/service.ts';
import { answerQuestions, childArgument } from './child.ts';
import { measureUsage } from './usage.ts';

/** The service of a measurement, run by run. */
export type ServiceAnswers = typeof answers;

export interface ServiceProcessOptions {
  /** The configuration's path. */
  readonly config: string;
  readonly components: readonly ComponentName[];
}

keepHeapSmall();
const { config, components } = childArgument() as ServiceProcessOptions;
let report: RunReport | undefined;
let reported = Promise.withResolvers<RunReport>();
const service = new Service({
  config: loadConfig({ file: config }),
  components,
  onReport: (done) => {
    report = done;
    reported.resolve(done);
    reported = Promise.withResolvers();
  },
});
const stop = new AbortController();

const answers = {
  /** One cycle of each component: seconds, CPU and memory of it. */
  async run() {
    const usage = measureUsage();
    const startedAt = performance.now();
    const isWell = await service.runOnce(stop.signal);
    const seconds = (performance.now() - startedAt) / 1000;
    if (!isWell) throw new Error('The run failed in part: see the log.');
    return { seconds, ...usage(), ms: report?.ms, changes: report?.changes };
  },

  /** From now on runs by itself. */
  serve() {
    void service.run(stop.signal);
  },

  /** The next full run that it makes by itself, with the processor time from now on. */
  async nextRun() {
    const usage = measureUsage();
    for (;;) {
      const { scope, ms, changes, requests } = await reported.promise;
      if (scope === 'full') return { ms, changes, requests, ...usage() };
    }
  },
};
answerQuestions(answers);
