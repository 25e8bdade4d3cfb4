import { z } from 'zod';
import { objectTypes } from '../../operations/change-object.ts';
import { serverChanges } from '../../operations/change-server.ts';
import { CloudEnv } from './cloud-env.ts';

/** `instances` is what the portal of 2024 calls devices. */
export const StatusChangeParams = z.object({
  type: z.enum(objectTypes),
  id: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'is no id of the cloud: has Concertim none for it?')
    .describe("the cloud's id of a rack's stack, a device's server, a volume or a network"),
});

export const StatusChange = z.object({
  cloud_env: CloudEnv,
  action: z
    .enum(serverChanges)
    .describe('racks: `suspend`, `resume`, `destroy`; volumes and networks: `destroy`'),
});

export const StatusChangeBody = z.object({ success: z.literal(true) });
