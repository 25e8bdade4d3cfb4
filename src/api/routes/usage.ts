import type { OwnCloud } from '../../operations/own-cloud.ts';
import { addedStatistics, readLimits, readQuotas, readStatistics } from '../../operations/project-usage.ts';
import type { Caller } from '../caller.ts';
import type { TypedApp } from '../typed-app.ts';
import { GetLimits, LimitsBody, QuotasBody, QuotasParams, StatisticsBody } from '../wire/usage.ts';
import { refusals } from './refusals.ts';

export interface UsageRoutesOptions {
  readonly caller: Caller;
  /** The service's own account, for calls that carry no credentials. */
  readonly ownCloud: OwnCloud;
}

/** What a team may use and uses, and what the cloud has. */
export function addUsageRoutes(app: TypedApp, { caller, ownCloud }: UsageRoutesOptions): void {
  app.route({
    method: 'GET',
    url: '/team/:project_id/quotas',
    schema: {
      summary: "A team's quotas",
      description:
        "As release 1.2.0 asks for it, without credentials: this service's own account reads them, in the first region of the Keystone that has the project.",
      params: QuotasParams,
      response: { 200: QuotasBody, ...refusals(404) },
    },
    handler: async ({ params }) => {
      const quotas = await ownCloud.inKeystoneOf((session) => readQuotas(session, params.project_id));
      return { success: true as const, quotas };
    },
  });

  app.route({
    method: 'GET',
    url: '/team/limits',
    schema: {
      summary: "What a user's project may use and uses",
      body: GetLimits,
      response: { 200: LimitsBody, ...refusals() },
    },
    handler: async (request) => {
      const limits = await caller.use(request, request.body.cloud_env.login, readLimits);
      return { success: true as const, limits };
    },
  });

  app.route({
    method: 'GET',
    url: '/statistics',
    schema: {
      summary: 'What the cloud has, and how much of it is given away; of several clouds the sum',
      description: "The portal sends no credentials: this service's own account reads them.",
      response: { 200: StatisticsBody, ...refusals() },
    },
    handler: async () => ({
      success: true as const,
      stats: addedStatistics(await ownCloud.each(readStatistics)),
    }),
  });
}
