import { z } from 'zod';
import { Links } from './link.ts';

export const NetworksBody = z.object({
  networks: z.array(z.object({ id: z.string().min(1), name: z.string() })),
  networks_links: Links.default([]),
});
