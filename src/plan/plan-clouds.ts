import type { PortalSnapshot, Rack, RackId, Template, TemplateId } from '../concertim/model.ts';
import { type Change, changesOf, type Plan } from './change.ts';
import { fromView, type ViewedCloud, viewOf } from './cloud-view.ts';
import type { CloudObservation } from './observation.ts';
import { plan } from './plan.ts';
import type { PlanSettings } from './plan-settings.ts';
import { type Homes, settleHomes, type Territory } from './territory.ts';

/** One cloud of several as a run saw it. */
export interface CloudPart {
  readonly territory: Territory;
  /** undefined: nothing of it is changed, because it was not read, or because the run is not about it. */
  readonly observation: CloudObservation | undefined;
}

/** A plan for several clouds, and those in which almost nothing of what the portal shows of them is. */
export interface CloudsPlan extends Plan {
  readonly wrongClouds: readonly string[];
  /** What is held and refused of each of several clouds; of one alone nothing is said apart. */
  readonly ofClouds: ReadonlyMap<string, Pick<Plan, 'held' | 'warnings'>>;
}

/**
 * What to change in the portal until it shows several clouds: a plan for each, made on the rows that it may see, so that all rules, the
 * brake and the check for a wrong cloud among them, are those of one cloud. One after the other, since each takes names.
 *
 * @param homes of the rows, where they are settled already
 */
export function planClouds(
  parts: readonly CloudPart[],
  portal: PortalSnapshot,
  settings: PlanSettings,
  homes: Homes = settleHomes(
    portal,
    parts.map(({ territory }) => territory),
  ),
): CloudsPlan {
  const all = parts.map(({ territory }) => territory.name);
  const plans: Plan[] = [];
  const wrongClouds: string[] = [];
  const ofClouds = new Map<string, Pick<Plan, 'held' | 'warnings'>>();
  for (const [at, { territory, observation }] of parts.entries()) {
    if (!observation) continue;
    const { name } = territory;
    const cloud: ViewedCloud = { name, isFirst: at === 0, all };
    const earlier = plans.flatMap(changesOf);
    const view = withNewNames(viewOf(portal, homes, cloud), earlier);
    const own = plan(observation, view, { ...settings, cloud: name, clouds: all });
    if (own.isWrongCloud) wrongClouds.push(name);
    ofClouds.set(name, own);
    plans.push({
      ...own,
      phases: withoutDoubles(fromView(own, portal, cloud), earlier),
      warnings: own.warnings.map((warning) => `Cloud ${name}: ${warning}`),
    });
  }
  return {
    phases: plans.flatMap(({ phases }) => phases),
    held: plans.flatMap(({ held }) => held),
    foreign: plans.flatMap(({ foreign }) => foreign),
    warnings: plans.flatMap(({ warnings }) => warnings),
    isWrongCloud: plans.length > 0 && wrongClouds.length === plans.length,
    wrongClouds,
    ofClouds,
    members: () => new Map(plans.flatMap(({ members }) => [...members()])),
    unknownStates: plans.flatMap(({ unknownStates }) => unknownStates),
  };
}

/** A view with what earlier plans create or rename, as if made by hand: no other object gets its name or order. */
function withNewNames(view: PortalSnapshot, earlier: readonly Change[]): PortalSnapshot {
  const racks: Rack[] = [];
  const templates: Template[] = [];
  const rack = (fields: Omit<Rack, 'id' | 'metadata'>, at: number) =>
    racks.push({ ...fields, id: `new ${at}` as RackId, metadata: {} });
  const template = (fields: Omit<Template, 'id' | 'foreignId' | 'tag'>, at: number) =>
    templates.push({ ...fields, id: `new ${at}` as TemplateId, foreignId: null, tag: null });
  for (const [at, change] of earlier.entries()) {
    if (change.kind === 'create-rack') rack(change.draft, at);
    if (change.kind === 'create-template') template(change.draft, at);
    if (change.kind === 'update-rack' && (change.patch.name ?? change.patch.orderId) !== undefined)
      rack({ ...change.rack, ...change.patch }, at);
    if (change.kind === 'update-template' && change.patch.name !== undefined)
      template({ ...change.template, ...change.patch }, at);
  }
  if (racks.length + templates.length === 0) return view;
  return { ...view, racks: [...view.racks, ...racks], templates: [...view.templates, ...templates] };
}

/** Without the template of a kind that an earlier plan creates: it is for all clouds. */
function withoutDoubles(phases: Plan['phases'], earlier: readonly Change[]): Plan['phases'] {
  const tags = new Set(
    earlier.map((change) => (change.kind === 'create-template' ? change.draft.tag : undefined)),
  );
  const isDouble = (change: Change) =>
    change.kind === 'create-template' && change.draft.tag !== undefined && tags.has(change.draft.tag);
  return phases.map((all) =>
    all
      .map(({ name, changes }) => ({ name, changes: changes.filter((change) => !isDouble(change)) }))
      .filter(({ changes }) => changes.length > 0),
  );
}
