import { z } from 'zod';
import type * as concertim from '../model.ts';
import { Id } from './id.ts';
import { JsonObject } from './json-object.ts';

const InRack = z
  .object({
    type: z.literal('rack'),
    rack_id: Id,
    start_u: z.int(),
    end_u: z.int(),
    facing: z.enum(['f', 'b']),
  })
  .transform(
    (place): concertim.Location => ({
      rackId: place.rack_id as concertim.RackId,
      startU: place.start_u,
      endU: place.end_u,
      facing: place.facing,
    }),
  );

const Elsewhere = z.object({ type: z.string().refine((type) => type !== 'rack') }).transform(() => null);

/** A device as lists give it (with `template_id`) and as it is shown alone (with the `template`). */
export const Device = z
  .object({
    id: Id,
    name: z.string(),
    description: z.string().nullable(),
    status: z.string(),
    location: z.union([InRack, Elsewhere, z.null()]),
    template_id: Id.optional(),
    template: z.object({ id: Id }).optional(),
    public_ips: z.string().nullable(),
    private_ips: z.string().nullable(),
    ssh_key: z.string().nullable(),
    login_user: z.string().nullable(),
    volume_details: JsonObject,
    metadata: JsonObject,
  })
  .transform((device, context): concertim.Device => {
    const templateId = device.template_id ?? device.template?.id;
    if (templateId === undefined) {
      context.addIssue({ code: 'custom', path: ['template_id'], message: 'missing, and so is template' });
      return z.NEVER;
    }
    return {
      id: device.id as concertim.DeviceId,
      name: device.name,
      description: device.description,
      // One that is unknown to us stays as it is: it equals none of ours, so the next plan replaces it.
      status: device.status as concertim.DeviceStatus,
      location: device.location,
      templateId: templateId as concertim.TemplateId,
      publicIps: device.public_ips,
      privateIps: device.private_ips,
      sshKey: device.ssh_key,
      loginUser: device.login_user,
      volumeDetails: device.volume_details,
      metadata: device.metadata,
    };
  });
