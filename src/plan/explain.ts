import type { Device, PortalSnapshot, Rack } from '../concertim/model.ts';
import type { ProjectId, Server, Stack, Unreadable } from '../openstack/model.ts';
import { type Change, changesOf, type Plan } from './change.ts';
import { describeClaim, settleClaims } from './claims.ts';
import { type DesiredState, desiredState, type MappingSettings } from './desired-state.ts';
import { isWantedServer, isWantedStack } from './mapping.ts';
import type { CloudObservation } from './observation.ts';
import { serverOfDevice, sourceOfRack, stackKey } from './ownership.ts';
import { projectsIn } from './plan.ts';
import { indexPortal, inOrderOfIds, type PortalIndex } from './portal-index.ts';
import { deletedState, deviceStatus } from './status.ts';
import { type Subject, Subjects } from './subject.ts';

/** Why one object is shown as it is, or is not shown, and what would change that. */
export interface Explanation {
  readonly object: 'server' | 'stack' | 'rack' | 'device';
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
  for (const server of cloud.servers.values()) {
    if (server.id === query || (server.kind === 'server' && server.name === query)) {
      explanations.push(explainServer(server, facts));
    }
  }
  explanations.push(...stacks.map((stack) => explainStack(stack, facts)));
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

function explainServer(server: Server | Unreadable<Server['id']>, facts: Facts): Explanation {
  const { index } = facts;
  const shown = (index.devicesOfServer.get(server.id) ?? []).map((device) => placeOf(device, facts));
  if (server.kind === 'unreadable') {
    const kept =
      shown.length > 0 ? 'The portal keeps what it shows of it' : 'It gets no device until it can be read';
    const lines = [`Nova cannot show it: ${server.problem}. ${kept}.`, ...shown];
    return { object: 'server', id: server.id, name: server.id, lines };
  }
  const state = server.taskState === null ? server.vmState : `${server.vmState}, ${server.taskState}`;
  const hidden = whyServerHidden(server, facts);
  const lines = [
    ...(hidden === undefined ? [] : [`Not shown: ${hidden}`]),
    ...shown,
    ...comingChanges(server.id, facts),
    `Nova: ${state}, in project ${server.projectId}${ownerText(server.projectId, facts)}, created ${server.createdAt}.`,
  ];
  return { object: 'server', id: server.id, name: server.name, lines };
}

/** undefined: nothing keeps it from being shown. */
function whyServerHidden(server: Server, facts: Facts): string | undefined {
  const { cloud, desired, index, settings } = facts;
  if (desired.racks.some(({ devices }) => devices.some((each) => each.server.id === server.id)))
    return undefined;
  if (!index.ownerOfProject.has(server.projectId)) return noOwner(server.projectId);
  if (!isWantedServer(server, settings)) return 'the mapping excludes it.';
  if (deviceStatus(server) === deletedState) return 'Nova reports it as deleted.';
  const problem = cloud.unobserved.get(server.projectId);
  if (problem !== undefined) return `the stacks of its project could not be listed: ${problem}.`;
  return 'it belongs to no stack that is shown. updates.standalone_servers: rack shows servers outside stacks.';
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
  const server = serverOfDevice(device);
  const claim = facts.plan.foreign.find(({ kind, id }) => kind === 'device' && id === device.id);
  const seen = server === undefined ? undefined : facts.cloud.servers.get(server);
  const lines = [
    ...(claim ? [`Not managed: ${describeClaim(claim)}.`] : []),
    ...(server === undefined
      ? ['Not managed: its metadata names no server. It was made by hand, and stays as it is.']
      : []),
    ...(server !== undefined && !claim
      ? [`It shows server ${server}${seen ? '' : ', which Nova does not list'}.`]
      : []),
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
  return told(facts, (subject) => subject.openstackId === openstackId);
}

function changesOfObject(object: Subject['object'], id: number | string, facts: Facts): string[] {
  return told(facts, (subject) => subject.object === object && subject.id === id);
}

/** What the next run will do with an object, and what it will not. */
function told({ plan, subjects }: Facts, isMeant: (subject: Subject) => boolean): string[] {
  const changes = changesOf(plan)
    .filter((change: Change) => isMeant(subjects.of(change)))
    .map(({ kind, reason }) => `Next run: ${kind.replace('-', ' ')}, because ${reason}.`);
  const held = plan.held
    .filter((one) => isMeant(subjects.held(one)))
    .map(({ kind, reason }) => `Kept: ${kind}, because ${reason}.`);
  return [...changes, ...held];
}

function ownerText(project: ProjectId, { index }: Facts): string {
  const owner = index.ownerOfProject.get(project);
  return owner ? ` of ${owner.name}` : '';
}

function noOwner(project: ProjectId): string {
  return `no user or team of the portal has its project. Set the project of one to ${project}.`;
}
