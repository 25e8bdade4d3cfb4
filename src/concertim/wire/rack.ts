import { z } from 'zod';
import type * as concertim from '../model.ts';
import { Device } from './device.ts';
import { Id } from './id.ts';
import { JsonObject } from './json-object.ts';

const fields = {
  id: Id,
  name: z.string(),
  u_height: z.int(),
  status: z.string(),
  creation_output: z.string().nullable(),
  network_details: JsonObject,
  metadata: JsonObject,
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
    ownerId: rack.owner.id as concertim.UserId,
    name: rack.name,
    height: rack.u_height,
    // One that is unknown to us stays as it is: it equals none of ours, so the next plan replaces it.
    status: rack.status as concertim.RackStatus,
    creationOutput: rack.creation_output,
    networkDetails: rack.network_details,
    metadata: rack.metadata,
  };
}
