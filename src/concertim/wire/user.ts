import { z } from 'zod';
import type * as concertim from '../model.ts';
import { Id } from './id.ts';

/** `GET /api/v1/users`. Of super-users the portal leaves the cloud's ids out; it writes `cloud_user_id` with dashes. */
export const User = z
  .object({
    id: Id,
    login: z.string(),
    root: z.boolean(),
    cloud_user_id: z.string().nullish(),
    project_id: z.string().nullish(),
  })
  .transform(
    (user): concertim.User => ({
      id: user.id as concertim.UserId,
      login: user.login,
      root: user.root,
      cloudUserId: user.cloud_user_id?.replaceAll('-', '') || null,
      projectId: user.project_id?.trim() || null,
    }),
  );
