import type { Session } from '../concertim/session.ts';
import { listTemplates } from '../concertim/templates.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Change, Plan } from '../plan/change.ts';
import type { Subject } from '../plan/subject.ts';
import type { Clock } from '../runtime/clock.ts';
import { ServiceError } from '../runtime/severity.ts';
import { LaneLimit } from './lane-limit.ts';
import type { PortalMirror } from './mirror.ts';
import { OutageWatch } from './outage.ts';
import type { Outcome } from './outcome.ts';
import { type IsRead, PlanWriter } from './plan-writer.ts';
import { isRefusal, noticeUpgrade } from './portal-upgraded.ts';

/**
 * Carries out a plan: phase by phase, the lanes of a phase side by side, the changes of a lane one after the other.
 * A change that fails does not stop the others. Ends early, with what was done, when the signal is aborted or the
 * portal becomes unavailable.
 *
 * @returns how many changes were postponed because the portal is unavailable, and its last error
 */
export async function applyPlan(
  plan: Plan,
  portal: { readonly session: Session; readonly mirror: PortalMirror },
  options: {
    readonly onOutcome: (outcome: Outcome) => void;
    /** Whether another writer undoes this change each time. */
    readonly isContested: (change: Change) => boolean;
    /** Names a change, for the trace. */
    readonly subjectOf: (change: Change) => Subject;
    readonly tracing: Tracing;
    readonly clock: Clock;
    readonly isRead: IsRead;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly untried: number; readonly because: unknown }> {
  const probe = () => listTemplates(portal.session, { signal: options.signal });
  const watch = new OutageWatch(options.clock, { probe });
  const { profile } = portal.mirror.snapshot();
  const writer = new PlanWriter({ ...portal, watch, isRead: options.isRead, signal: options.signal });
  let untried = 0;
  const limit = new LaneLimit();
  for (const lanes of plan.phases) {
    await Promise.all(
      lanes.map((lane) =>
        limit.run(async () => {
          for (const change of lane.changes) {
            if (options.signal?.aborted) return;
            if (watch.isAway) {
              untried++;
              continue;
            }
            if (options.isContested(change)) {
              options.onOutcome({ kind: 'contested', change });
              continue;
            }
            const fields = { ...options.subjectOf(change), why: change.reason };
            const outcome = await options.tracing.work(change.kind, { fields }, () =>
              writer.write(change, lane.name),
            );
            options.onOutcome(options.signal?.aborted ? sayStopped(outcome) : outcome);
            if (outcome.kind === 'done') limit.note(change.kind, outcome.ms);
            if (outcome.kind === 'failed' && isRefusal(outcome.error))
              await noticeUpgrade(portal.session, profile, watch, options.signal);
          }
        }),
      ),
    );
  }
  return { untried, because: watch.because };
}

/** Says why a request was cut short by the end of the run: "was aborted" alone does not say by what. */
function sayStopped(outcome: Outcome): Outcome {
  if (outcome.kind !== 'failed' || outcome.error instanceof ServiceError) return outcome;
  const error = new ServiceError(
    'The run was stopped during this request, by a pause or by the end of the process. The next run checks what became of it.',
    { severity: 'transient' },
  );
  return { ...outcome, error };
}
