import { listDeletedServers, showFlavor, showServer } from '../openstack/compute.ts';
import {
  collections,
  type FlavorId,
  type Kind,
  type ObjectId,
  type ProjectId,
  type Server,
  type ServerId,
  type StackId,
  type Unreadable,
} from '../openstack/model.ts';
import { findStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import type { Absentees, AbsentObject, AbsentStack } from '../plan/absentees.ts';
import type { CloudObservation, Evidence } from '../plan/observation.ts';
import { type Clock, isoTime } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { type FurtherKind, showObject } from './kind-source.ts';
import { OutageWatch } from './outage.ts';

/** What was announced as deleted since it was last seen: a proof, once the cloud does not have it either. */
export type Announced = ReadonlySet<ObjectId | StackId>;

/** Most queries by id in one run for one kind. They are chosen at random, so that over several runs all are made. */
const maxQuestions = 500;

/**
 * Failed queries for servers after which a run makes no more. A cell that is down takes thousands of servers out of the list, and
 * Nova waits a minute for it in each query: querying every server would take hours.
 */
const mostVain = 8;

/** How far back Nova's list of deleted servers is read. */
const deletedSinceMs = 24 * 3_600_000;

/** What the cloud answers about what its lists have left out. */
export interface Answers {
  readonly evidence: CloudObservation['evidence'];
  /** Servers that the queries found although they were not listed: soft-deleted ones, and those in a cell that is down. */
  readonly servers: readonly (Server | Unreadable<ServerId>)[];
}

/** Asks the cloud by id for what its lists have left out. An answer that cannot be had is `unknown`, never an absence. */
export async function gatherEvidence(
  session: Session,
  absent: Absentees,
  options: {
    readonly announced: Announced;
    /** This many missing servers may be deleted without a second confirmation. */
    readonly maxDeletions: number;
    /** Number of servers that the portal shows. */
    readonly shownServers: number;
    /** Whether the service of a kind has shown that it shows other projects' objects. */
    readonly seesAll: Readonly<Record<FurtherKind, boolean>>;
    /** Whether the stack in whose rack an object stands was read in this run and no longer has the object. */
    readonly hasLeft: (kind: Kind, id: ObjectId) => boolean;
    readonly random: Random;
  } & AskOptions,
): Promise<Answers> {
  const { announced, random } = options;
  const deleted = new Set<ObjectId | StackId>(announced);
  const missing = absent.servers.length;
  if (missing > options.maxDeletions || (missing > 0 && missing === options.shownServers)) {
    for (const id of await deletedServers(session, options)) deleted.add(id);
  }
  const shown: (Server | Unreadable<ServerId>)[] = [];
  const enough = new AbortController();
  let vain = 0;
  const serverEvidence = async (id: ServerId, asking: AbortSignal): Promise<Evidence> => {
    if (enough.signal.aborted) return 'unknown';
    let isInVain = true;
    try {
      const server = await showServer(session, id, AbortSignal.any([asking, enough.signal]));
      isInVain = server?.kind === 'unreadable';
      if (server) shown.push(server);
      if (server) return 'exists';
      return deleted.has(id) ? 'deleted' : 'not-found';
    } finally {
      if (isInVain && ++vain >= mostVain) enough.abort();
    }
  };
  const evidenceOf = async (kind: FurtherKind) =>
    askForObjects(
      kind,
      session,
      sample(absent[collections[kind]], { random, isFirst: ({ id }) => announced.has(id) }),
      options,
    );
  const [servers, volumes, networks, stacks, flavors] = await Promise.all([
    ask(
      sample(absent.servers, { random, isFirst: ({ id }) => deleted.has(id) }).map(
        ({ id }) => id as ServerId,
      ),
      serverEvidence,
      options,
    ),
    evidenceOf('volume'),
    evidenceOf('network'),
    askForStacks(session, sample(absent.stacks, { random, isFirst: ({ id }) => announced.has(id) }), options),
    ask(
      sample(
        absent.flavors.map((id) => ({ id, owner: '' })),
        { random, isFirst: () => false },
      ).map(({ id }) => id),
      (id, asking) => flavorEvidence(session, id, asking),
      options,
    ),
  ]);
  return {
    evidence: { servers, volumes, networks, stacks, flavors },
    servers: shown,
  };
}

/** In its own project: elsewhere, "not found" says nothing to those who are not administrators. */
export async function stackEvidence(
  session: Session,
  { id, projectId }: Pick<AbsentStack, 'id' | 'projectId'>,
  announced: Announced,
  signal: AbortSignal | undefined,
): Promise<Evidence> {
  const found = await findStack(session, id, projectId, signal);
  if (found?.stack.status === 'DELETE_COMPLETE') return 'deleted';
  if (found) return found.stack.parentId === null ? 'exists' : 'nested';
  if (announced.has(id)) return 'deleted';
  return projectId === undefined ? 'unknown' : 'not-found';
}

/**
 * Cinder and Neutron answer "not found" also to an account that may not see the project. So that answer counts only where
 * something else confirms it: the deletion was announced, the object's stack no longer has it, the account is shown objects of
 * other projects, or the query was made as a member of the project.
 */
async function furtherEvidence(
  kind: FurtherKind,
  session: Session,
  { id, projectId }: Pick<AbsentObject, 'id' | 'projectId'>,
  facts: {
    readonly announced: Announced;
    readonly seesAll: boolean;
    readonly hasLeft: (kind: Kind, id: ObjectId) => boolean;
  },
  signal: AbortSignal | undefined,
): Promise<Evidence> {
  if (await showObject(kind, session, id, signal)) return 'exists';
  if (facts.announced.has(id)) return 'deleted';
  if (facts.seesAll || facts.hasLeft(kind, id)) return 'not-found';
  return projectId === undefined ? 'hidden' : asMember(kind, session, { id, projectId }, signal);
}

/** `not-found` only for a member of the project: an account without a role in it cannot know. */
async function asMember(
  kind: FurtherKind,
  session: Session,
  { id, projectId }: { readonly id: ObjectId; readonly projectId: ProjectId },
  signal: AbortSignal | undefined,
): Promise<Evidence> {
  try {
    return (await showObject(kind, session.forProject(projectId), id, signal)) ? 'exists' : 'not-found';
  } catch {
    signal?.throwIfAborted();
    return 'hidden';
  }
}

async function askForObjects(
  kind: FurtherKind,
  session: Session,
  objects: readonly AbsentObject[],
  options: AskOptions & Pick<Parameters<typeof gatherEvidence>[2], 'announced' | 'seesAll' | 'hasLeft'>,
): Promise<Map<ObjectId, Evidence>> {
  const facts = { ...options, seesAll: options.seesAll[kind] };
  const answers = await ask(
    objects,
    (object, asking) => furtherEvidence(kind, session, object, facts, asking),
    options,
  );
  return new Map([...answers].map(([{ id }, evidence]) => [id, evidence]));
}

async function askForStacks(
  session: Session,
  stacks: readonly AbsentStack[],
  options: AskOptions & { readonly announced: Announced },
): Promise<Map<StackId, Evidence>> {
  const answers = await ask(
    stacks,
    (stack, asking) => stackEvidence(session, stack, options.announced, asking),
    options,
  );
  const evidence = new Map<StackId, Evidence>();
  for (const [{ id }, answer] of answers) evidence.set(id, surer(evidence.get(id), answer));
  return evidence;
}

/** Where queries in several projects give different answers, the one that is most certain. */
export function surer(a: Evidence | undefined, b: Evidence): Evidence {
  return a !== undefined && certainty.indexOf(a) < certainty.indexOf(b) ? a : b;
}

const certainty: readonly Evidence[] = [
  'exists',
  'nested',
  'deleted',
  'unknown',
  'hidden',
  'disputed',
  'not-found',
];

/** Servers that Nova reports as recently deleted; empty where it refuses the list, so that an absent server proves nothing. */
async function deletedServers(session: Session, { clock, signal }: AskOptions): Promise<readonly ServerId[]> {
  try {
    return await listDeletedServers(session, { since: isoTime(clock.now() - deletedSinceMs), signal });
  } catch {
    signal?.throwIfAborted();
    return [];
  }
}

async function flavorEvidence(
  session: Session,
  id: FlavorId,
  signal: AbortSignal | undefined,
): Promise<Evidence> {
  return (await showFlavor(session, id, signal)) ? 'exists' : 'not-found';
}

interface AskOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

async function ask<Id>(
  ids: readonly Id[],
  question: (id: Id, signal: AbortSignal) => Promise<Evidence>,
  { clock, signal }: AskOptions,
): Promise<Map<Id, Evidence>> {
  const watch = new OutageWatch(clock, { signal });
  const answers = await Promise.allSettled(ids.map((id) => watch.ask(() => question(id, watch.signal))));
  signal?.throwIfAborted();
  return new Map(
    ids.map((id, at) => {
      const answer = answers[at];
      return [id, answer?.status === 'fulfilled' ? answer.value : 'unknown'];
    }),
  );
}

/** As many as one run queries: first those with a sign of deletion, then one of each owner in turn, chosen at random. */
function sample<T extends { readonly owner: string }>(
  items: readonly T[],
  { random, isFirst }: { readonly random: Random; readonly isFirst: (item: T) => boolean },
): readonly T[] {
  if (items.length <= maxQuestions) return items;
  const drawn = items
    .map((item) => ({ item, lot: isFirst(item) ? -1 : random.next() }))
    .sort((a, b) => a.lot - b.lot);
  const turns = new Map<string, number>();
  return drawn
    .map(({ item, lot }) => {
      const turn = lot < 0 ? -1 : (turns.get(item.owner) ?? 0);
      if (lot >= 0) turns.set(item.owner, turn + 1);
      return { item, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, maxQuestions)
    .map(({ item }) => item);
}
