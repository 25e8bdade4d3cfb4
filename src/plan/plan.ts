import type { Device, PortalSnapshot, Rack, Template } from '../concertim/model.ts';
import { judgeRemovals } from './brake.ts';
import { takeCensus } from './census.ts';
import type { Held, Plan } from './change.ts';
import { settleClaims } from './claims.ts';
import { desiredState } from './desired-state.ts';
import { draftPlan, lanes } from './draft-plan.ts';
import { renameDuplicates } from './duplicate-names.ts';
import { updateFlavorIds } from './flavor-ids.ts';
import { setFormerCloudsAside } from './former-clouds.ts';
import { deletedStacksOf } from './membership.ts';
import type { CloudObservation } from './observation.ts';
import type { PlanSettings } from './plan-settings.ts';
import { compareTexts, indexPortal, inOrderOfIds } from './portal-index.ts';
import { projectsIn } from './seen.ts';
import { membersOfStacks } from './stack-members.ts';
import { UnreadableRows, withStandIns } from './unreadable-rows.ts';
import { recogniseWrongCloud } from './wrong-cloud.ts';

/**
 * What to change in the portal until it shows the cloud:
 *
 * ```
 *  portal ──► claims ──► duplicates ► flavor ids ► 1 names and ids
 *  cloud ──► desired state ─┬─► departures ──► 3 removals
 *                           ├─► templates ───► 2 templates             6 leftovers
 *                           └─► racks ───────► 4 racks    5 devices    6 leftovers
 *  all of that ──► brake ──► what it refuses is kept, and the rest planned around it
 * ```
 *
 * Pure: the same two snapshots give the same plan, in whatever order their lists are; and when all of a plan has been
 * applied, the next one is empty.
 */
export function plan(cloud: CloudObservation, snapshot: PortalSnapshot, settings: PlanSettings): Plan {
  const whole = withStandIns(inOrderOfIds(snapshot));
  const { portal: read, held: ofFormerClouds } = setFormerCloudsAside(cloud, whole, settings);
  const { portal: claimed, foreign: claims } = settleClaims(read, projectsIn(cloud));
  const { changes: renames, portal: named } = renameDuplicates(claimed, cloud.scope);
  const { changes: flavorIds, portal } = updateFlavorIds(named, cloud);
  const index = indexPortal(portal);
  const desired = desiredState(cloud, portal, index, settings);
  const unreadable = new UnreadableRows(read, index, desired);
  const foreign = unreadable.unlessUnread(claims);
  const deletedStacks = deletedStacksOf(cloud);
  const { unknownStates } = desired;
  const census = takeCensus(cloud, portal, index, deletedStacks);
  const isEachDeviceShown = desired.presentDevices === index.ownedDevices;
  const hasDevices = index.ownedDevices > 0;
  if (cloud.scope.kind === 'all' && !settings.deletions.allowAll && !(hasDevices && isEachDeviceShown)) {
    const wrong = recogniseWrongCloud(census, desired);
    if (wrong !== undefined)
      return {
        phases: [],
        held: [],
        foreign,
        warnings: [wrong],
        isWrongCloud: true,
        members: () => new Map(),
        unknownStates,
      };
  }

  const facts = { cloud, portal, index, desired, deletedStacks, settings };
  const kept = new Set<Device | Rack | Template>();
  const held: Held[] = [];
  const warnings = new Set<string>();
  for (;;) {
    const draft = draftPlan({ ...facts, kept });
    const changes = draft.phases.flatMap((lanes) => lanes.flatMap((lane) => lane.changes));
    const verdict = judgeRemovals(changes, {
      census,
      isEachDeviceShown,
      index,
      policy: settings.deletions,
    });
    for (const warning of verdict.warnings) warnings.add(warning);
    held.push(...verdict.held);
    if (verdict.refused.size === 0) {
      held.push(...draft.held, ...ofFormerClouds);
      return {
        phases: [
          lanes([{ name: 'identities', changes: [...renames, ...flavorIds] }]),
          ...unreadable.withhold(draft.phases),
        ].filter((phase) => phase.length > 0),
        held: held.sort((a, b) => compareTexts(a.kind, b.kind) || compareTexts(String(a.id), String(b.id))),
        foreign,
        warnings: [...warnings],
        isWrongCloud: false,
        members: () => membersOfStacks(desired),
        unknownStates,
      };
    }
    for (const object of verdict.refused) kept.add(object);
  }
}
