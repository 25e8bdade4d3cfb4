import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Status } from '../../observability/status.ts';
import { AttemptLimit } from '../../runtime/attempt-limit.ts';
import { ageOf, type Clock, isoTime } from '../../runtime/clock.ts';
import { pause } from '../../runtime/pause.ts';
import { peerNetwork } from '../../runtime/peer-network.ts';
import type { Secret } from '../../runtime/secret.ts';
import { explain } from '../../runtime/severity.ts';
import { SingleFlight } from '../../runtime/single-flight.ts';
import type { WritePause } from '../../runtime/write-pause.ts';
import { EventStreams } from '../../web/event-streams.ts';
import { addPage } from '../../web/page.ts';
import { Problem } from '../problem.ts';
import { Admission } from './admission.ts';
import type { DoctorView, PauseView, PlanView, StatusView } from './wire.ts';

export interface StatusPageOptions {
  /** Opens the page to other machines; undefined: only this one sees it. */
  readonly token: Secret | undefined;
  /** What the processes of the deployment do, this one first. */
  readonly statuses: () => Promise<readonly Status[]>;
  /** Components that one of the processes should run, as far as that can be seen from here. */
  readonly expected: readonly string[];
  /** Where the portal is. */
  readonly portal: string;
  /** Reads cloud and portal and plans. Costs them as many requests as a full run. */
  readonly plan: () => Promise<Omit<PlanView, 'at'>>;
  /** While it lasts, the service writes nothing to the portal. */
  readonly writePause: WritePause;
  /** Runs the doctor's checks; undefined: this process cannot. */
  readonly examine: (() => Promise<Omit<DoctorView, 'at'>>) | undefined;
}

/** How many wrong tokens one address may send in a minute. */
const mostWrongTokens = 20;
/** Between two looks at whether anything has changed, ms. */
const lookMs = 500;
/** Between two signs of life, ms. */
const beatMs = 5_000;

/** What begins or ends a pause is JSON: a form of another site cannot send that. */
const Pause = z.strictObject({ reason: z.string().trim().max(200).optional() });
const Resume = z.strictObject({});

const SignIn = z.object({ token: z.string().max(4_096) });

/** The service's own page at `/ui/`, and its data. All that it can change is whether the portal is written to. */
export function addStatusPage(
  app: FastifyInstance,
  { statuses, expected, portal, plan, examine, writePause, token }: StatusPageOptions,
  { clock, isSecure }: { readonly clock: Clock; readonly isSecure: boolean },
): void {
  const admission = new Admission(token);
  const limit = new AttemptLimit({ most: mostWrongTokens, clock });
  const stop = new AbortController();
  let looking = false;
  const streams = new EventStreams();
  const hidden = { schema: { hide: true } };

  /** A text equal to the last one is not sent again. */
  const look = async () => {
    looking = true;
    let told = '';
    let beatAt = clock.now();
    while (streams.size > 0 && !stop.signal.aborted) {
      const processes = await statuses();
      const text = JSON.stringify(processes);
      if (text !== told) streams.send('status', view(processes));
      else if (ageOf(beatAt, clock.now()) >= beatMs) streams.send('beat', {});
      if (text !== told || ageOf(beatAt, clock.now()) >= beatMs) beatAt = clock.now();
      told = text;
      await pause(clock, lookMs, stop.signal);
    }
    looking = false;
  };
  const view = (processes: readonly Status[]): StatusView => ({
    at: isoTime(clock.now()),
    processes,
    missing: expected.filter(
      (name) => !processes.some(({ components }) => components.some(({ component }) => component === name)),
    ),
    portal,
    hasDoctor: examine !== undefined,
  });
  /** Whether the token is right. After too many wrong ones from an address its next one is refused without a comparison. */
  const takes = async (request: FastifyRequest, given: string | undefined): Promise<boolean> => {
    const attempt = await limit.admit(peerNetwork(request.ip));
    if ('waitS' in attempt) {
      throw new Problem(429, `Too many wrong tokens from this address. Try again in ${attempt.waitS} s.`, {
        'retry-after': String(attempt.waitS),
      });
    }
    if (admission.takes(given)) attempt.over();
    else attempt.failed();
    return admission.takes(given);
  };
  const check = async (request: FastifyRequest) => {
    const bearer = admission.bearerOf(request);
    admission.check(request, bearer !== undefined && (await takes(request, bearer)));
  };
  const plans = new SingleFlight(plan);
  const examinations = examine && new SingleFlight(examine);

  app.addHook('preClose', async () => {
    stop.abort();
    streams.end();
  });
  void app.register(
    async (page) => {
      // With a token the page itself is open, to ask for it: nothing is in it.
      if (token === undefined) page.addHook('onRequest', async (request) => admission.check(request));
      // What the page loads stands beside it.
      page.addHook('onRequest', async ({ url }, reply) => {
        if (/^\/ui(?:\?|$)/.test(url)) await reply.redirect('/ui/');
      });
      await addPage(page, 'status');
      // The documentation of this version, for operators who cannot reach the repository.
      await page.register(async (docs) => addPage(docs, 'docs'), { prefix: '/docs' });
    },
    { prefix: '/ui' },
  );
  void app.register(
    async (data) => {
      data.addHook('onRequest', check);
      // An event source does not learn why it is refused: the page sends this request first.
      data.get('/whether', hidden, async () => ({}));
      data.get('/events', hidden, async (_, reply) => {
        const opened = streams.open(reply, { name: 'status', data: view(await statuses()) });
        if (!looking) void look();
        return opened;
      });
      data.post('/plan', hidden, async () => {
        try {
          return { at: isoTime(clock.now()), ...(await plans.join()) };
        } catch (error) {
          throw new Problem(502, explain(error));
        }
      });
      const change = async (work: () => Promise<unknown>): Promise<PauseView> => {
        try {
          await work();
        } catch (error) {
          throw new Problem(500, `The file "paused" in data_dir cannot be changed: ${explain(error)}`);
        }
        const paused = await writePause.look();
        return { paused: paused ? { since: isoTime(paused.since), reason: paused.reason ?? null } : null };
      };
      data.post('/pause', hidden, async ({ body }) => {
        const parsed = Pause.safeParse(body);
        if (!parsed.success) throw new Problem(400, z.prettifyError(parsed.error));
        return change(() => writePause.begin(parsed.data.reason));
      });
      data.post('/resume', hidden, async ({ body }) => {
        if (!Resume.safeParse(body).success)
          throw new Problem(400, 'The body of POST /ui/resume must be an empty JSON object: {}.');
        return change(() => writePause.end());
      });
      data.post('/doctor', hidden, async () => {
        if (!examinations) throw new Problem(404, 'The doctor needs the file of the configuration.');
        return { at: isoTime(clock.now()), ...(await examinations.join()) };
      });
    },
    { prefix: '/ui' },
  );
  app.post('/ui/sign-in', hidden, async (request, reply) => {
    const parsed = SignIn.safeParse(request.body);
    if (!(await takes(request, parsed.data?.token)))
      throw new Problem(
        401,
        'Wrong token. The right one is api.ui_token, or in the file status-page-token in data_dir.',
      );
    return reply.header('set-cookie', admission.cookie(isSecure)).send({});
  });
}
