import { z } from 'zod';
import * as billing from './wire/billing.ts';
import { ErrorBody } from './wire/error-body.ts';
import * as health from './wire/health.ts';
import * as keyPair from './wire/key-pair.ts';
import * as statusChange from './wire/status-change.ts';
import * as team from './wire/team.ts';
import * as usage from './wire/usage.ts';
import * as user from './wire/user.ts';
import * as userProject from './wire/user-project.ts';

const all: Readonly<Record<string, unknown>> = {
  ErrorBody,
  ...health,
  ...userProject,
  ...user,
  ...team,
  ...keyPair,
  ...statusChange,
  ...usage,
  ...billing,
};

/** OpenAPI lists parameters of the address one by one, so their schemas need no name. */
const isInAddress = /(Params|Query)$/;

/** Gives the schemas of requests and answers their names in OpenAPI. The descriptions of fields are kept. */
export function nameSchemas(): void {
  for (const [id, schema] of Object.entries(all)) {
    if (!(schema instanceof z.ZodObject) || isInAddress.test(id)) continue;
    const known = z.globalRegistry.get(schema);
    if (known?.id === undefined) z.globalRegistry.add(schema, { ...known, id });
  }
}
