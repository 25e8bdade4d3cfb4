import type { PortalSnapshot } from '../../src/concertim/model.ts';
import { readPortal } from '../../src/concertim/snapshot.ts';
import type { CloudObservation } from '../../src/plan/observation.ts';
import { plan } from '../../src/plan/plan.ts';
import { defaultPlanSettings } from '../../src/plan/plan-settings.ts';
import { indexPortal } from '../../src/plan/portal-index.ts';
import { readCloud } from '../../src/reconcile/read-cloud.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import { remembered } from '../../test/support/remembered.ts';
import type { SandboxConfig } from '../../test/support/sandbox-sessions.ts';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { answerQuestions, childArgument } from './child.ts';
import { measureUsage } from './usage.ts';

/** `plan` by itself, over what was read of a sandbox. */
export type PlanAnswers = typeof answers;

const { cloud: cloudSession, portal: portalSession, close } = sessionsOn(childArgument() as SandboxConfig);
const beginning = await readPortal(portalSession);
const portal = new PaperPortal(beginning);
const first = plan((await readCloud(cloudSession, beginning)).cloud, beginning, defaultPlanSettings);
portal.apply(first.phases.flat().flatMap(({ changes }) => changes));
const shown = portal.snapshot();
const cloud = remembered((await readCloud(cloudSession, shown)).cloud);
await close();

const answers = {
  /** One plan of a portal that is in step, of rows that earlier plans have seen: as in any run but the first. */
  inStep: () => planInStep(cloud, shown),

  /** The same of rows that no plan has seen. */
  ofNewRows() {
    const read = structuredClone({ cloud, shown });
    // As in a run, which needs it while it reads.
    indexPortal(read.shown);
    return planInStep(read.cloud, read.shown);
  },
};
answerQuestions(answers);

function planInStep(cloud: CloudObservation, shown: PortalSnapshot) {
  const usage = measureUsage();
  const startedAt = performance.now();
  const { phases } = plan(cloud, shown, defaultPlanSettings);
  const ms = performance.now() - startedAt;
  if (phases.length > 0) throw new Error('The portal is not in step.');
  return { ms, ...usage() };
}
