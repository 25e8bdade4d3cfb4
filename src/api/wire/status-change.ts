import { z } from 'zod';
import { serverChanges } from '../../operations/change-server.ts';
import { CloudEnv } from './cloud-env.ts';

/** `instances` is what the portal of 2024 calls devices. */
export const StatusChangeParams = z.object({
  type: z.enum(['devices', 'instances', 'racks']),
  id: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'is no id of a server or stack: has Concertim none for it?')
    .describe("Nova's id of a device's server, Heat's id of a rack's stack"),
});

export const StatusChange = z.object({
  cloud_env: CloudEnv,
  action: z.enum(serverChanges).describe('racks: `suspend`, `resume`, `destroy`'),
});

export const StatusChangeBody = z.object({ success: z.literal(true) });
