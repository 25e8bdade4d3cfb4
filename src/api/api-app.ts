import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { AccountClosings } from '../billing/account-closings.ts';
import type { Billing } from '../billing/billing.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Reference } from '../openstack/model.ts';
import type { CloudSessions } from '../operations/cloud-sessions.ts';
import type { DepartingProjects } from '../operations/departing-projects.ts';
import type { OwnCloud } from '../operations/own-cloud.ts';
import type { Repeats } from '../operations/repeats.ts';
import type { RoleMapping } from '../operations/team-roles.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JwtPolicy } from '../runtime/jwt-policy.ts';
import type { Secret } from '../runtime/secret.ts';
import { type ConnectionLimit, fittingLimit, limitConnections } from '../web/connection-limit.ts';
import {
  answerBareRequests,
  answerClientError,
  answerErrors,
  answerFrameworkError,
} from './answer-errors.ts';
import { Caller } from './caller.ts';
import { ChangeFollower } from './change-follower.ts';
import { describeApi } from './describe-api.ts';
import { type LogRequestsOptions, logRequests, tellRefusals } from './log-requests.ts';
import { plainPath } from './plain-path.ts';
import { Problem } from './problem.ts';
import { Readiness } from './readiness.ts';
import { requireToken } from './require-token.ts';
import { addCreditAndOrderRoutes } from './routes/credits-and-orders.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addInvoiceRoutes } from './routes/invoices.ts';
import { addKeyPairRoutes } from './routes/key-pairs.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addStatusChangeRoutes } from './routes/status-changes.ts';
import { addTeamRoutes } from './routes/teams.ts';
import { addUsageRoutes } from './routes/usage.ts';
import { addUserProjectRoutes } from './routes/user-projects.ts';
import { addUserRoutes } from './routes/users.ts';
import { addStatusPage, type StatusPageOptions } from './status-page/status-page.ts';
import { takeJson } from './take-json.ts';
import { traceRequests } from './trace-requests.ts';
import type { TypedApp } from './typed-app.ts';

export interface ApiOptions extends LogRequestsOptions {
  readonly sessions: CloudSessions;
  readonly repeats: Repeats;
  readonly ownCloud: OwnCloud;
  readonly billing: Billing;
  /** Queues the billing accounts of deleted users and teams for closing. */
  readonly closings: Pick<AccountClosings, 'request'>;
  /** Where it is noted that the portal wants a project deleted. */
  readonly departing: DepartingProjects;
  readonly teamRoles: RoleMapping;
  /** Look at these again, soon. */
  readonly requestReconcile: (references: Reference[]) => void | Promise<void>;
  /** Whether changed objects are observed until they settle; needed where no notifications arrive. */
  readonly followsChanges: boolean;
  /** Names of the clouds. */
  readonly clouds: readonly string[];
  /** Rejects when that cloud's Keystone does not answer us. */
  readonly pingCloud: (cloud: string) => Promise<void>;
  /** Whether CloudKitty rates every new project. */
  readonly isRated: boolean;
  /** Which requests need a token of the portal's. */
  readonly jwt: JwtPolicy;
  /** PEM; undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: Secret } | undefined;
  /** The service's own metrics, as Prometheus reads them; undefined: they are not served. */
  readonly scrape?: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** A path under which everything is served too, such as `/openstack`; begins with a slash, ends with none. */
  readonly pathPrefix?: string | undefined;
  /** The status page at `/ui/`; undefined: there is none. */
  readonly statusPage?: StatusPageOptions | undefined;
  /** undefined: nothing is traced. */
  readonly tracing?: Tracing;
  /** Default: as many as the process has file descriptors for. */
  readonly connections?: ConnectionLimit;
  readonly clock: Clock;
}

/** Room for a public key of 16 KiB, four times over. */
const bodyLimit = 64 * 1024;

const serverOptions = {
  headersTimeout: 10_000,
  // How often Node looks for requests that have timed out; its default is half a minute.
  connectionsCheckingInterval: 1_000,
  requireHostHeader: false,
};

/** The server's routes and manners, not listening yet. */
export async function apiApp(options: ApiOptions): Promise<TypedApp> {
  const { log, tls } = options;
  const requestId = () => `req-${randomUUID()}`;
  const app = Fastify({
    logger: false,
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit,
    // What a client may take, ms: for its headers, for all of its request, between two of them.
    http: serverOptions,
    requestTimeout: 20_000,
    keepAliveTimeout: 75_000,
    ...(tls && {
      https: { cert: tls.cert, key: tls.key.reveal(), ...serverOptions },
    }),
    rewriteUrl: ({ url = '/' }) => plainPath(url, options.pathPrefix),
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 256 },
    frameworkErrors: answerFrameworkError(log),
    clientErrorHandler: answerClientError(requestId),
    return503OnClosing: true,
  }).withTypeProvider<ZodTypeProvider>();
  limitConnections(app.server, options.connections ?? fittingLimit(), tellRefusals(options));

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // The portal of 2024 sends the credentials in the body, whatever the method.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  app.decorateRequest('isPortal', false);
  app.addHook('onRequest', async ({ id, raw }, reply) => {
    reply.header('x-request-id', id);
    if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
      throw new Problem(400, 'The header host is missing.');
    }
  });
  logRequests(app, options);
  if (options.tracing) traceRequests(app, options.tracing);
  answerErrors(app, log);
  answerBareRequests(app.server, requestId);
  takeJson(app);
  await app.register(helmet);
  await describeApi(app);

  await app.register(async (open) => {
    addHealthRoutes(open, new Readiness(options));
    if (options.scrape) addMetricsRoute(open, options.scrape);
    if (options.statusPage) {
      addStatusPage(open, options.statusPage, { clock: options.clock, isSecure: options.tls !== undefined });
    }
    open.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  const caller = new Caller(options);
  const follower = options.followsChanges ? new ChangeFollower(options) : undefined;
  app.addHook('onClose', async () => follower?.close());
  await app.register(async (guarded) => {
    requireToken(guarded, options);
    addUserProjectRoutes(guarded, { ...options, caller });
    addUserRoutes(guarded, { ...options, caller });
    addTeamRoutes(guarded, { ...options, caller });
    addUsageRoutes(guarded, { ...options, caller });
    addCreditAndOrderRoutes(guarded, { ...options, caller });
    addInvoiceRoutes(guarded, options);
    addStatusChangeRoutes(guarded, { ...options, caller, follower });
    addKeyPairRoutes(guarded, caller);
  });
  return app;
}
