import type { Device, PortalSnapshot, Rack } from '../concertim/model.ts';
import {
  type CloudObject,
  type Kind,
  kinds,
  type ProjectId,
  type Stack,
  type Unreadable,
} from '../openstack/model.ts';
import { type Change, changesOf, type Plan } from './change.ts';
import { describeClaim, settleClaims } from './claims.ts';
import { type DesiredState, desiredState, type MappingSettings } from './desired-state.ts';
import { isWantedObject, isWantedStack } from './mapping.ts';
import type { CloudObservation } from './observation.ts';
import { objectOfDevice, sourceOfRack, stackKey } from './ownership.ts';
import { indexPortal, inOrderOfIds, type PortalIndex } from './portal-index.ts';
import { projectsIn, seenOf } from './seen.ts';
import { shownKinds } from './shown-kinds.ts';
import { deletedState, stateOf, statusOf } from './status.ts';
import { type Subject, Subjects } from './subject.ts';

/** Why one object is shown as it is, or is not shown, and what would change that. */
export interface Explanation {
  readonly object: Kind | 'stack' | 'rack' | 'device';
  readonly id: string;
  readonly name: string;
  /** Sentences, the answer first. */
  readonly lines: readonly string[];
}

/** What one survey saw and planned. */
export interface ExplainedSurvey {
  readonly cloud: CloudObservation;
  readonly portal: PortalSnapshot;
  readonly plan: Plan;
  readonly settings: MappingSettings;
}

/**
 * Explains all objects of cloud and portal with this id or name.
 *
 * @returns nothing when neither cloud nor portal has one
 */
export function explainObject(query: string, survey: ExplainedSurvey): Explanation[] {
  const facts = factsOf(survey);
  const { cloud, portal } = facts;
  const isMeant = ({ id, name }: { readonly id: number | string; readonly name: string }) =>
    String(id) === query || name === query;
  const stacks = cloud.trees.map(({ root }) => root).filter(isMeant);
  const explanations: Explanation[] = [];
  for (const kind of kinds) {
    for (const object of seenOf(cloud, kind)?.values() ?? []) {
      if (object.id === query || (object.kind !== 'unreadable' && object.name === query)) {
        explanations.push(explainCloudObject(kind, object, facts));
      }
    }
  }
  explanations.push(...stacks.map((stack) => explainStack(stack, facts)));
  const problem = [...cloud.unreadable.stacks].find(([id]) => id === query);
  if (problem) explanations.push(explainUnreadableStack(...problem, facts));
  const hidden = [...cloud.projectOfStack].find(([id]) => id === query);
  if (hidden && stacks.length === 0) explanations.push(explainHiddenStack(...hidden, facts));
  explanations.push(...portal.racks.filter(isMeant).map((rack) => explainRack(rack, facts)));
  explanations.push(...portal.devices.filter(isMeant).map((device) => explainDevice(device, facts)));
  return explanations;
}

interface Facts extends ExplainedSurvey {
  readonly index: PortalIndex;
  readonly desired: DesiredState;
  readonly subjects: Subjects;
}

function factsOf(survey: ExplainedSurvey): Facts {
  const { cloud, plan, settings } = survey;
  const { portal } = settleClaims(inOrderOfIds(survey.portal), projectsIn(cloud));
  const index = indexPortal(portal);
  const desired = desiredState(cloud, portal, index, settings);
  return { ...survey, portal, index, desired, subjects: new Subjects(plan, survey.portal) };
}

/** The service that a kind comes from, for messages. */
const services: Readonly<Record<Kind, string>> = { server: 'Nova', volume: 'Cinder', network: 'Neutron' };

function explainCloudObject(
  kind: Kind,
  object: CloudObject | Unreadable<CloudObject['id']>,
  facts: Facts,
): Explanation {
  const { id } = object;
  const service = services[kind];
  const shown = (facts.index.devicesOf[kind].get(id) ?? []).map((device) => placeOf(device, facts));
  if (object.kind === 'unreadable') {
    const kept =
      shown.length > 0 ? 'The portal keeps what it shows of it' : 'It gets no device until it can be read';
    const lines = [`${service} cannot show it: ${object.problem}. ${kept}.`, ...shown];
    return { object: kind, id, name: id, lines };
  }
  const task = object.kind === 'server' ? object.taskState : null;
  const state = task === null ? stateOf(object) : `${stateOf(object)}, ${task}`;
  const hidden = whyHidden(object, facts);
  const created = object.createdAt === null ? '' : `, created ${object.createdAt}`;
  const lines = [
    ...(hidden === undefined ? [] : [`Not shown: ${hidden}`]),
    ...shown,
    ...comingChanges(id, facts),
    `${service}: ${state}, in project ${object.projectId}${ownerText(object.projectId, facts)}${created}.`,
  ];
  return { object: kind, id, name: object.name, lines };
}

/** @returns undefined: no reason was found why it would not be shown */
function whyHidden(object: CloudObject, facts: Facts): string | undefined {
  const { cloud, desired, index, settings, portal } = facts;
  const { kind, id, projectId } = object;
  if (desired.racks.some(({ devices }) => devices.some((each) => each.object.id === id))) return undefined;
  if (!shownKinds(portal.profile).includes(kind)) return `this release of the portal shows no ${kind}s.`;
  if (!index.ownerOfProject.has(projectId)) return noOwner(projectId);
  if (!isWantedObject(object, settings)) return 'the mapping excludes it.';
  if (statusOf(object) === deletedState) return `${services[kind]} reports it as deleted.`;
  const problem = cloud.unobserved.get(projectId);
  if (problem !== undefined) return `the stacks of its project could not be listed: ${problem}.`;
  return kind === 'server'
    ? 'it belongs to no stack that is shown. updates.standalone_servers: rack shows servers outside stacks.'
    : `it is not a resource of a shown stack. Only ${kind}s that a stack created are shown.`;
}

function explainStack(stack: Stack, facts: Facts): Explanation {
  const { index, settings } = facts;
  const racks = index.racksOfSource.get(stackKey(stack.id)) ?? [];
  const hidden = !index.ownerOfProject.has(stack.projectId)
    ? noOwner(stack.projectId)
    : isWantedStack(stack, settings)
      ? undefined
      : 'the mapping excludes it.';
  const lines = [
    ...(hidden === undefined ? [] : [`Not shown: ${hidden}`]),
    ...racks.map((rack) => `Shown as rack ${rack.name} (${rack.id}), ${rack.status}.`),
    ...comingChanges(stack.id, facts),
    `Heat: ${stack.status}, in project ${stack.projectId}${ownerText(stack.projectId, facts)}, created ${stack.createdAt}.`,
  ];
  return { object: 'stack', id: stack.id, name: stack.name, lines };
}

function explainUnreadableStack(id: Stack['id'], problem: string, { index }: Facts): Explanation {
  const racks = index.racksOfSource.get(stackKey(id)) ?? [];
  const kept =
    racks.length > 0 ? 'The portal keeps what it shows of it' : 'It gets no rack until it can be read';
  const lines = [
    `Heat lists it in a way that is not understood: ${problem}. ${kept}.`,
    ...racks.map((rack) => `Shown as rack ${rack.name} (${rack.id}), ${rack.status}.`),
  ];
  return { object: 'stack', id, name: id, lines };
}

/** A stack that Heat lists, of a project that no owner has, or nested in another. */
function explainHiddenStack(id: Stack['id'], project: ProjectId, { index }: Facts): Explanation {
  const line = index.ownerOfProject.has(project)
    ? 'Not shown: it is nested in another stack, whose rack shows its servers.'
    : `Not shown: ${noOwner(project)}`;
  return { object: 'stack', id, name: id, lines: [line] };
}

function explainRack(rack: Rack, facts: Facts): Explanation {
  const source = sourceOfRack(rack);
  const claim = facts.plan.foreign.find(({ kind, id }) => kind === 'rack' && id === rack.id);
  const lines = [
    ...(claim ? [`Not managed: ${describeClaim(claim)}.`] : []),
    ...((claim ?? source)
      ? []
      : ['Not managed: its metadata names no stack. It was made by hand, and stays as it is.']),
    ...(source?.kind === 'stack' && !claim ? [`It shows stack ${source.stackId}.`] : []),
    ...(source?.kind === 'standalone' && !claim
      ? [`It shows the servers of project ${source.projectId} outside stacks.`]
      : []),
    ...changesOfObject('rack', rack.id, facts),
  ];
  return { object: 'rack', id: String(rack.id), name: rack.name, lines };
}

function explainDevice(device: Device, facts: Facts): Explanation {
  const { kind } = device;
  const id = objectOfDevice(device);
  const claim = facts.plan.foreign.find((each) => each.kind === 'device' && each.id === device.id);
  const list = seenOf(facts.cloud, kind);
  const unseen =
    list === undefined ? `; ${kind}s were not listed in this run` : `, which ${services[kind]} does not list`;
  const lines = [
    ...(claim ? [`Not managed: ${describeClaim(claim)}.`] : []),
    ...(id === undefined
      ? [`Not managed: its metadata names no ${kind}. It was made by hand, and stays as it is.`]
      : []),
    ...(id !== undefined && !claim ? [`It shows ${kind} ${id}${list?.has(id) ? '' : unseen}.`] : []),
    placeOf(device, facts),
    ...changesOfObject('device', device.id, facts),
  ];
  return { object: 'device', id: String(device.id), name: device.name, lines };
}

function placeOf(device: Device, { index }: Facts): string {
  const rack = device.location && index.racks.get(device.location.rackId);
  const place = rack ? `in rack ${rack.name} (${rack.id}) at unit ${device.location?.startU}` : 'in no rack';
  return `Shown as device ${device.name} (${device.id}) ${place}, ${device.status}.`;
}

function comingChanges(openstackId: string, facts: Facts): string[] {
  return linesAbout(facts, (subject) => subject.openstackId === openstackId);
}

function changesOfObject(object: Subject['object'], id: number | string, facts: Facts): string[] {
  return linesAbout(facts, (subject) => subject.object === object && subject.id === id);
}

/** The changes of an object that the next run makes, and those that are held. */
function linesAbout({ plan, subjects }: Facts, isMeant: (subject: Subject) => boolean): string[] {
  const changes = changesOf(plan)
    .filter((change: Change) => isMeant(subjects.of(change)))
    .map(({ kind, reason }) => `Next run: ${kind.replace('-', ' ')}: ${reason}.`);
  const held = plan.held
    .filter((one) => isMeant(subjects.held(one)))
    .map(({ kind, reason }) => `Kept ${kind}: ${reason}.`);
  return [...changes, ...held];
}

function ownerText(project: ProjectId, { index }: Facts): string {
  const owner = index.ownerOfProject.get(project);
  return owner ? ` of ${owner.name}` : '';
}

function noOwner(project: ProjectId): string {
  return `no user or team of the portal has its project. Set the project of one to ${project}.`;
}
