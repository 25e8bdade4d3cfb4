import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import Fastify from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Billing } from '../billing/billing.ts';
import type { Logger } from '../observability/logger.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Reference } from '../openstack/model.ts';
import type { CloudSessions } from '../operations/cloud-sessions.ts';
import type { DepartingProjects } from '../operations/departing-projects.ts';
import type { OperationError } from '../operations/operation-error.ts';
import type { OwnCloud } from '../operations/own-cloud.ts';
import type { Repeats } from '../operations/repeats.ts';
import type { RoleMapping } from '../operations/team-roles.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import type { Secret } from '../runtime/secret.ts';
import { version } from '../runtime/version.ts';
import { type ConnectionLimit, fittingLimit, limitConnections } from '../web/connection-limit.ts';
import {
  answerBareRequests,
  answerClientError,
  answerErrors,
  answerFrameworkError,
} from './answer-errors.ts';
import { Asker } from './asker.ts';
import { bearerFault, type JwtPolicy } from './bearer-token.ts';
import { ChangeFollower } from './change-follower.ts';
import { nameSchemas } from './named-schemas.ts';
import { plainPath } from './plain-path.ts';
import { Problem } from './problem.ts';
import { Readiness } from './readiness.ts';
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

export interface ApiOptions {
  readonly sessions: CloudSessions;
  readonly repeats: Repeats;
  readonly ownCloud: OwnCloud;
  readonly billing: Billing;
  /** Where it is noted that the portal wants a project deleted. */
  readonly departing: DepartingProjects;
  readonly teamRoles: RoleMapping;
  /** Look at these again, soon. */
  readonly requestReconcile: (references: Reference[]) => void | Promise<void>;
  /** Whether changes are looked at until they have settled: where no notification says so. */
  readonly followsChanges: boolean;
  /** Rejects when Keystone does not answer us. */
  readonly pingCloud: () => Promise<void>;
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
  /** Told of each request that was answered. `route` is without ids. */
  readonly onServed?: (request: { method: string; route: string; status: number; ms: number }) => void;
  /** undefined: nothing is traced. */
  readonly tracing?: Tracing;
  /** Default: what the process has room for. */
  readonly connections?: ConnectionLimit;
  readonly clock: Clock;
  readonly log: Logger;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What was answered instead of what was asked for. */
    why: string | undefined;
    /** The exchange with the cloud that failed, if one did. */
    upstream: OperationError['upstream'];
  }
  interface FastifyContextConfig {
    /** A call of the cluster builder's, which in its release 1.0.0 has no token to send. */
    isForClusterBuilder?: boolean;
  }
}

/** Room for a public key of 16 KiB, four times over. */
const bodyLimit = 64 * 1024;

const serverOptions = {
  headersTimeout: 10_000,
  // How soon after that it is noticed; Node's own is half a minute.
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
  limitConnections(app.server, options.connections ?? fittingLimit(), refusals(options));

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // The portal of 2024 sends the credentials in the body, whatever the method.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  app.decorateRequest('isPortal', false);
  app.decorateRequest('why', undefined);
  app.decorateRequest('upstream', undefined);
  app.addHook('onRequest', async ({ id, raw }, reply) => {
    reply.header('x-request-id', id);
    if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
      throw new Problem(400, 'The header host is missing.');
    }
  });
  app.addHook('onResponse', async (request, reply) => {
    const { id, method, routeOptions, why, upstream } = request;
    const status = reply.statusCode;
    options.onServed?.({
      method,
      // One that is nobody's: its path is the asker's invention.
      route: routeOptions.url ?? '(none)',
      status,
      ms: reply.elapsedTime,
    });
    const fields = {
      requestId: id,
      method,
      route: routeOptions.url,
      status,
      ms: Math.round(reply.elapsedTime),
      why,
      upstream,
    };
    if (status >= 500) log.warn(fields, 'request failed');
    else if (why !== undefined) log.info(fields, 'request refused');
    else log.debug(fields, 'request served');
  });
  if (options.tracing) traceRequests(app, options.tracing);
  answerErrors(app, log);
  answerBareRequests(app.server, requestId);
  takeJson(app);
  await app.register(helmet);
  nameSchemas();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'concertim-openstack-service',
        description: 'What Concertim asks of the cloud.',
        version,
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
      // Only where a secret is configured.
      security: [{ bearer: [] }, {}],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });

  await app.register(async (open) => {
    addHealthRoutes(open, new Readiness(options));
    if (options.scrape) addMetricsRoute(open, options.scrape);
    if (options.statusPage) {
      addStatusPage(open, options.statusPage, { clock: options.clock, isSecure: options.tls !== undefined });
    }
    open.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  const asker = new Asker(options);
  const follower = options.followsChanges ? new ChangeFollower(options) : undefined;
  app.addHook('onClose', async () => follower?.close());
  await app.register(async (guarded) => {
    const { jwt, clock } = options;
    if (jwt.kind !== 'off') {
      guarded.addHook('onRequest', async (request) => {
        const { headers, routeOptions } = request;
        const isForClusterBuilder = routeOptions.config.isForClusterBuilder ?? false;
        const fault = bearerFault(headers.authorization, {
          policy: jwt,
          isForClusterBuilder,
          now: clock.now(),
        });
        if (fault) throw new Problem(401, `Not authorised: ${fault}.`, { 'www-authenticate': 'Bearer' });
        request.isPortal = headers.authorization?.startsWith('Bearer ') ?? false;
      });
    }
    addUserProjectRoutes(guarded, { ...options, asker });
    addUserRoutes(guarded, { ...options, asker });
    addTeamRoutes(guarded, { ...options, asker });
    addUsageRoutes(guarded, { ...options, asker });
    addCreditAndOrderRoutes(guarded, { ...options, asker });
    addInvoiceRoutes(guarded, options);
    addStatusChangeRoutes(guarded, { ...options, asker, follower });
    addKeyPairRoutes(guarded, asker);
  });
  return app;
}

/** Says once a minute how many connections were refused. */
function refusals({ clock, log }: ApiOptions): () => void {
  let refused = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  return () => {
    refused++;
    if (ageOf(saidAt, clock.now()) < 60_000) return;
    log.warn({ refused }, 'too many connections to the API, refused');
    saidAt = clock.now();
    refused = 0;
  };
}
