import { z } from 'zod';
import type * as concertim from '../model.ts';
import type { RackStatus } from '../statuses.ts';
import { Device } from './device.ts';
import { Id } from './id.ts';
import { JsonObject, ShownJsonObject } from './json-object.ts';
import { Money } from './money.ts';

const fields = {
  id: Id,
  name: z.string(),
  u_height: z.int(),
  status: z.string().catch(''),
  creation_output: z.string().nullish().catch(null),
  network_details: ShownJsonObject,
  metadata: JsonObject,
  order_id: z.string().nullish().catch(undefined),
  cost: Money,
  owner: z.object({ id: Id }, { error: 'missing, as it is for users who are no super-user' }),
};

/** `GET /api/v1/racks`, and the answer to a creation or a change. */
export const Rack = z.object(fields).transform(toRack);

/** `GET /api/v1/racks/{id}` */
export const RackWithDevices = z
  .object({ ...fields, devices: z.array(Device) })
  .transform(({ devices, ...rack }) => ({ rack: toRack(rack), devices }));

function toRack(rack: z.output<z.ZodObject<typeof fields>>): concertim.Rack {
  return {
    id: rack.id as concertim.RackId,
    ownerId: rack.owner.id as concertim.OwnerId,
    name: rack.name,
    height: rack.u_height,
    // One that is unknown to us stays as it is: it equals none of ours, so the next plan replaces it.
    status: rack.status as RackStatus,
    creationOutput: rack.creation_output,
    networkDetails: rack.network_details,
    metadata: rack.metadata,
    ...(rack.order_id && { orderId: rack.order_id }),
    ...(rack.cost !== undefined && { cost: rack.cost }),
  };
}
