import { queueNames } from '../amqp/queues.ts';
import { ApiServer } from '../api/api-server.ts';
import { Health } from '../observability/health.ts';
import { AuthUrls, type CloudPlace } from '../operations/auth-urls.ts';
import { CloudSessions } from '../operations/cloud-sessions.ts';
import { OwnCloud } from '../operations/own-cloud.ts';
import { pingCloud } from '../operations/ping-cloud.ts';
import { Repeats } from '../operations/repeats.ts';
import { WriterRequests } from '../reconcile/writer-requests.ts';
import { type Runnable, runAll } from '../runtime/run-all.ts';
import type { Component } from './component.ts';
import type { Cloud, Foundation } from './foundation.ts';
import { type StatusPageParts, statusPage } from './status-page.ts';

/** Longest time that a request of the API waits for the cloud, ms: the portal of 2024 times out after a minute. */
const longestMs = 20_000;
const retry = { tries: 2, baseMs: 200, maxMs: 1_000, longestRetryAfterMs: 2_000 };

/**
 * The component `api`.
 *
 * @param updates this process's; undefined: the writer is another process
 * @param page what the status page is made of beside what all stand on
 */
export function createApi(
  base: Foundation,
  updates: Pick<WriterRequests, 'request'> | undefined,
  page: Pick<StatusPageParts, 'file' | 'plan' | 'isOpen'>,
): Component {
  const { config, tracing, observation, clock } = base;
  const log = base.log('api');
  const places = base.clouds.map((cloud, at) => placeOf(cloud, at, base));
  const sessions = new CloudSessions({
    authUrls: new AuthUrls(places),
    clock,
  });
  const [{ session: first }, ...others] = base.clouds;
  const ownCloud = new OwnCloud(first, ...others.map(({ session }) => session));
  const apart = updates ? undefined : writerApart(base);
  const writer = updates ?? apart?.requests;
  // Created late: the status page may create a file for its token, which is only wanted once it is served.
  const server = () =>
    new ApiServer({
      ...config.api,
      sessions,
      repeats: new Repeats({ clock }),
      ownCloud,
      billing: base.billing,
      closings: base.closings,
      departing: base.departing,
      // Only makes it faster: otherwise the change shows with a notification or the next full run.
      requestReconcile: (references) =>
        void writer
          ?.request(references)
          .catch((err: unknown) => log.debug({ err }, 'reconcile not requested')),
      // Without a broker no other process can be reached; with one, the cloud's notifications arrive through it.
      followsChanges: updates !== undefined && base.electing === undefined,
      clouds: base.clouds.map(({ config: { name } }) => name),
      pingCloud: async (name) => {
        const cloud = base.clouds.find((each) => each.config.name === name);
        if (cloud) await pingCloud(cloud.session);
      },
      isRated: config.billing.enabled,
      scrape: () => observation.scrape(),
      statusPage: statusPage({
        config,
        clock,
        log,
        writePause: base.writePause,
        status: () => observation.status(),
        ...page,
      }),
      onServed: (request) => observation.served(request),
      tracing,
      clock,
      log,
    });
  const health = new Health({ component: 'api', clock });
  const serve: Runnable = (signal) => server().run(signal, () => health.succeeded());
  return {
    name: 'api',
    healths: [health],
    run: (signal) => runAll(apart ? [serve, apart.run] : [serve], signal),
    runOnce: async () => true,
  };
}

function placeOf({ config, session: { cloud } }: Cloud, at: number, base: Foundation): CloudPlace {
  const { credentials, ...place } = config.openstack;
  const timeoutMs = Math.min(longestMs, place.timeoutMs);
  const session = {
    ...place,
    cloud,
    timeoutMs,
    listTimeoutMs: timeoutMs,
    retry,
    concurrency: 64,
    ...base.http(cloud),
  };
  // What `api` allows is the first cloud's: it is from when there was one.
  const ofFirst = at === 0 ? base.config.api.allowedAuthUrls : [];
  return { authUrl: credentials.authUrl, otherAuthUrls: [...config.allowedAuthUrls, ...ofFirst], session };
}

/** The way to a writer in another process; undefined where there is none. */
function writerApart(base: Foundation) {
  const { electing, tracing } = base;
  if (!electing) return undefined;
  const { broker, rmq } = electing;
  const names = queueNames(rmq.deployment);
  const requests = new WriterRequests(tracing);
  const run: Runnable = (signal) => requests.run({ broker, names, log: base.log('api') }, signal);
  return { requests, run };
}
