import { defaultPlanSettings, plan } from '../../src/plan/plan.ts';
import { observePortal } from '../../src/reconcile/observe-portal.ts';
import { readCloud } from '../../src/reconcile/read-cloud.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import type { SandboxConfig } from '../../test/support/sandbox-sessions.ts';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { answerQuestions, childArgument } from './child.ts';
import { measureUsage } from './usage.ts';

/** `plan` by itself, over what was read of a sandbox. */
export type PlanAnswers = typeof answers;

const { cloud: cloudSession, portal: portalSession, close } = sessionsOn(childArgument() as SandboxConfig);
const beginning = await observePortal(portalSession);
const portal = new PaperPortal(beginning);
const first = plan((await readCloud(cloudSession, beginning)).cloud, beginning, defaultPlanSettings);
portal.apply(first.phases.flat().flatMap(({ changes }) => changes));
const shown = portal.snapshot();
const { cloud } = await readCloud(cloudSession, shown);
await close();

const answers = {
  /** One plan of a portal that is in step. */
  inStep() {
    const usage = measureUsage();
    const startedAt = performance.now();
    const { phases } = plan(cloud, shown, defaultPlanSettings);
    const ms = performance.now() - startedAt;
    if (phases.length > 0) throw new Error('The portal is not in step.');
    return { ms, ...usage() };
  },
};
answerQuestions(answers);
