import { parseBody } from '../http/body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { deleteRecord } from './delete-record.ts';
import type { Device, Rack, RackDraft, RackId, RackPatch, Rows, UnreadableRow } from './model.ts';
import { readRows } from './read-rows.ts';
import type { Session } from './session.ts';
import { showRecord } from './show-record.ts';
import * as wire from './wire/rack.ts';
import { rowOrUnreadable } from './wire/unreadable-row.ts';

const collection = '/api/v1/racks';
const member = '/api/v1/racks/{id}';

const memoryOf = memoryOfEach<Rack | UnreadableRow>();
const Row = rowOrUnreadable(wire.Rack, 'rack');

/** All racks of all owners, in no stable order. Leaves out rows that cannot be read: see `readRacks`. */
export async function listRacks(session: Session, options: ListOptions = {}): Promise<Rack[]> {
  return (await readRacks(session, options)).rows;
}

/** All racks, and the rows that cannot be read. */
export async function readRacks(session: Session, { signal }: ListOptions = {}): Promise<Rows<Rack>> {
  return readRows(session, { path: collection, signal }, Row, memoryOf(session));
}

/** A rack and what stands in it; undefined when there is no such rack. */
export async function showRack(
  session: Session,
  id: RackId,
  signal?: AbortSignal,
): Promise<{ rack: Rack; devices: Device[] } | undefined> {
  const response = await showRecord(session, { path: `${collection}/${id}`, route: member, signal });
  return response && parseBody(response, wire.RackWithDevices);
}

/**
 * Makes a rack. The portal has no unique index on names: of creates at the same time, several of one name can succeed
 * and then block each other.
 *
 * @throws {ConcertimError} `isTaken` when the owner has a rack of that name
 */
export async function createRack(session: Session, draft: RackDraft, signal?: AbortSignal): Promise<Rack> {
  const { ownerId, createdAt, clusterType, ...patch } = draft;
  const response = await session.request({
    method: 'POST',
    path: collection,
    route: collection,
    // Each release reads its own owner field, and ignores the other one and fields that it does not have.
    body: {
      rack: {
        user_id: ownerId,
        team_id: ownerId,
        ...attributes(patch),
        cloud_created_at: createdAt,
        cluster_type_name: clusterType,
      },
    },
    signal,
  });
  return parseBody(response, wire.Rack);
}

/** Changes what `patch` names. A height below the highest device is refused. */
export async function updateRack(
  session: Session,
  id: RackId,
  patch: RackPatch,
  signal?: AbortSignal,
): Promise<Rack> {
  const response = await session.request({
    method: 'PATCH',
    path: `${collection}/${id}`,
    route: member,
    body: { rack: attributes(patch) },
    idempotent: true,
    signal,
  });
  return parseBody(response, wire.Rack);
}

/**
 * Deletes an empty rack; one that is gone already counts as deleted.
 *
 * @throws {ConcertimError} of kind `refused` when devices stand in it
 */
export async function deleteRack(session: Session, id: RackId, signal?: AbortSignal): Promise<void> {
  await deleteRecord(session, { path: `${collection}/${id}`, route: member, signal });
}

/** Never a description: the portal takes it and then fails (500), for it has no such column. */
function attributes(patch: RackPatch) {
  return {
    name: patch.name,
    u_height: patch.height,
    status: patch.status,
    creation_output: patch.creationOutput,
    network_details: patch.networkDetails,
    metadata: patch.metadata,
    order_id: patch.orderId,
    cost: patch.cost,
  };
}
