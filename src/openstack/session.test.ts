import type { FastifyInstance } from 'fastify';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { password, SmallCloud, type SmallCloudOptions } from '../../test/support/small-cloud.ts';
import { Secret } from '../runtime/secret.ts';
import { explain } from '../runtime/severity.ts';
import type { ProjectId } from './model.ts';
import { Session } from './session.ts';

const flavors = { method: 'GET', path: '/flavors', route: '/flavors' } as const;
const stacks = { method: 'GET', path: '/stacks', route: '/stacks' } as const;

/** Every GET is answered by the address that it went to. */
function echo(app: FastifyInstance): void {
  app.get('/*', (request) => ({ url: request.url }));
}

function start(options: SmallCloudOptions = {}): Promise<SmallCloud> {
  return SmallCloud.start({ routes: echo, ...options });
}

test('a token is used until a tenth of its lifetime is left', async () => {
  const clock = new ManualClock();
  await using cloud = await start({ clock, lifetimeMs: 600_000 });
  const session = cloud.session({ clock });

  await session.request('compute', flavors);
  clock.advance(539_000);
  await session.request('compute', flavors);
  const before = cloud.logins.length;
  clock.advance(1_000);
  await session.request('compute', flavors);

  expect([before, cloud.logins.length]).toEqual([1, 2]);
});

test('a token of a day is renewed five minutes before its end', async () => {
  const clock = new ManualClock();
  await using cloud = await start({ clock, lifetimeMs: 86_400_000 });
  const session = cloud.session({ clock });

  await session.token();
  clock.advance(86_400_000 - 300_001);
  await session.token();
  const before = cloud.logins.length;
  clock.advance(1);
  await session.token();

  expect([before, cloud.logins.length]).toEqual([1, 2]);
});

test("a token's end is read from our clock, though Keystone's is an hour ahead", async () => {
  const clock = new ManualClock();
  await using cloud = await start({ clock, ahead: 3_600_000, lifetimeMs: 60_000 });

  const token = await cloud.session({ clock }).token();

  expect(token.expiresAt).toBe(clock.now() + 60_000);
});

test('fifty requests at the start share one login', async () => {
  await using cloud = await start();
  const session = cloud.session();

  await Promise.all(Array.from({ length: 50 }, () => session.request('compute', flavors)));

  expect(cloud.logins).toHaveLength(1);
});

test('a sign-in that was begun ahead is the one that the first request waits for', async () => {
  await using cloud = await start();
  const session = cloud.session();

  void session.signInAhead();
  await Promise.all([session.request('compute', flavors), session.request('compute', flavors)]);

  expect(cloud.logins).toHaveLength(1);
});

test('of a sign-in ahead that failed the first request hears, and the next one tries again', async () => {
  await using cloud = await start();
  cloud.faults.add({ service: 'cloud', path: /^\/identity/, kind: 'answer', status: 503, times: 1 });
  const session = cloud.session();

  await session.signInAhead();

  await expect(session.token()).rejects.toMatchObject({ status: 503, severity: 'transient' });
  expect((await session.token()).projectId).toBe('admin');
});

test('a sign-in ahead whose token nobody asked for until it ended is followed by another', async () => {
  const clock = new ManualClock();
  await using cloud = await start({ clock, lifetimeMs: 600_000 });
  const session = cloud.session({ clock });

  await session.signInAhead();
  clock.advance(600_000);
  await session.request('compute', flavors);

  expect(cloud.logins).toHaveLength(2);
});

test('fifty requests whose token was revoked share one login and are sent once more', async () => {
  await using cloud = await start();
  const session = cloud.session();
  await session.token();
  cloud.tokens.clear();
  cloud.forget();

  const answers = await Promise.all(Array.from({ length: 50 }, () => session.request('compute', flavors)));

  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(cloud.logins).toHaveLength(1);
});

test('a refusal that comes late does not throw away the token that was had meanwhile', async () => {
  const late = Promise.withResolvers<void>();
  const held: string[] = [];
  await using cloud = await start({
    routes: (app) => {
      app.get('/compute/v2.1/late', async (request, reply) => {
        held.push(request.url);
        if (held.length === 1) {
          await late.promise;
          reply.code(401);
        }
        return {};
      });
      echo(app);
    },
  });
  const session = cloud.session();
  await session.token();

  const slow = session.request('compute', { method: 'GET', path: '/late', route: '/late' });
  await vi.waitUntil(() => held.length === 1);
  cloud.tokens.clear();
  await session.request('compute', flavors);
  late.resolve();

  expect((await slow).status).toBe(200);
  expect(cloud.logins).toHaveLength(2);
});

test('a service that takes no token at all gives an error after one repetition', async () => {
  await using cloud = await start();
  cloud.faults.add({ service: 'cloud', path: /^\/compute/, kind: 'answer', status: 401 });

  const answer = cloud.session().request('compute', flavors);

  await expect(answer).rejects.toMatchObject({
    name: 'OpenStackError',
    service: 'Nova',
    status: 401,
    severity: 'transient',
  });
  expect(cloud.seen).toHaveLength(2);
});

test('who is aborted while waiting for a login leaves the others waiting for it', async () => {
  await using cloud = await start();
  const session = cloud.session();
  const leaver = new AbortController();

  const left = session.token(leaver.signal);
  const stayed = session.token();
  leaver.abort(new Error('enough'));

  await expect(left).rejects.toThrow('enough');
  expect((await stayed).userName).toBe('concertim');
  expect(cloud.logins).toHaveLength(1);
});

test('a failed login is not kept: the next request tries again', async () => {
  await using cloud = await start();
  cloud.faults.add({ service: 'cloud', path: /^\/identity/, kind: 'answer', status: 503, times: 1 });
  const session = cloud.session();

  await expect(session.token()).rejects.toMatchObject({ status: 503, severity: 'transient' });

  expect((await session.token()).projectId).toBe('admin');
});

test('a wrong password is fatal, and its message names the user and not the password', async () => {
  await using cloud = await start();
  const wrong = new Secret('wr0ng-canary');
  const session = cloud.session({
    credentials: {
      kind: 'password',
      authUrl: `${cloud.url}/identity/v3/`,
      user: { name: 'concertim', domain: { name: 'Default' } },
      password: wrong,
      project: { name: 'admin', domain: { id: 'default' } },
    },
  });

  const error: unknown = await session.token().catch((error: unknown) => error);

  expect(explain(error)).toBe(
    'Keystone refused user "concertim" in domain "Default" (401). Check name and password. The user may also have no role in project "admin" in domain default, or the user, the project or their domain may be disabled.',
  );
  expect(error).toMatchObject({ severity: 'fatal', status: 401, service: 'Keystone' });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary');
});

test('an address that is not Keystone is fatal and said', async () => {
  await using cloud = await start();
  cloud.faults.add({
    service: 'cloud',
    path: /^\/identity/,
    kind: 'answer',
    status: 404,
    body: '<h1>Horizon</h1>',
  });

  const error: unknown = await cloud
    .session()
    .token()
    .catch((error: unknown) => error);

  expect(error).toMatchObject({ severity: 'fatal', upstream: 'Horizon' });
  expect(explain(error)).toContain('Is openstack.auth_url the address of Keystone');
});

test('a token and its session show no secret', async () => {
  await using cloud = await start();

  const token = await cloud.session().token();

  expect(JSON.stringify(token)).not.toContain(token.text.reveal());
});

test('the service is found in the catalog, and a project stands in the path where it belongs', async () => {
  await using cloud = await start();
  const session = cloud.session();

  await session.request('compute', flavors);
  await session.request('orchestration', { ...stacks, query: { limit: 5, nested: undefined, all: true } });
  await session.request('orchestration', { ...stacks, project: 'other' as ProjectId });
  await session.request('metric', { method: 'GET', path: '/resource/instance', route: '/resource/{type}' });

  expect(cloud.seen).toEqual([
    'GET /compute/v2.1/flavors',
    'GET /orchestration/v1/admin/stacks?limit=5&all=true',
    'GET /orchestration/v1/other/stacks',
    'GET /metric/v1/resource/instance',
  ]);
});

test('a service that the catalog lacks is a fatal error that says what there is', async () => {
  await using cloud = await start();

  const answer = cloud
    .session()
    .request('block-storage', { method: 'GET', path: '/volumes', route: '/volumes' });

  await expect(answer).rejects.toMatchObject({
    name: 'CatalogError',
    severity: 'fatal',
    hint: 'It has: identity, compute, orchestration, metric, network.',
  });
});

test('a catalog that lacks a service is requested again after a minute, and not before', async () => {
  const clock = new ManualClock();
  await using cloud = await start({ clock });
  const session = cloud.session({ clock });
  const ask = () => session.request('block-storage', flavors).catch(() => {});

  await ask();
  await ask();
  const atOnce = cloud.logins.length;
  clock.advance(60_000);
  await ask();
  await ask();

  expect([atOnce, cloud.logins.length]).toEqual([1, 2]);
});

test('of a link only what stands below the version is followed, so no other host gets the token', async () => {
  await using cloud = await start();
  const session = cloud.session();

  await session.follow('compute', 'https://inside.invalid:8774/v2.1/servers?marker=7', { route: '/servers' });
  await session.follow('orchestration', 'https://inside.invalid/heat/v1/other/stacks/a/1', {
    route: '/stacks',
  });
  const astray = session.follow('compute', 'https://inside.invalid/servers', { route: '/servers' });

  expect(cloud.seen).toEqual([
    'GET /compute/v2.1/servers?marker=7',
    'GET /orchestration/v1/other/stacks/a/1',
  ]);
  await expect(astray).rejects.toMatchObject({ name: 'BodyError' });
});

test('an answer from 300 on is an error unless it was requested', async () => {
  await using cloud = await start({
    routes: (app) => void app.get('/compute/*', (_, reply) => reply.code(404).send({})),
  });
  const session = cloud.session();

  const accepted = await session.request('compute', { ...flavors, accept: [404] });
  const refused = session.request('compute', flavors);

  expect(accepted.status).toBe(404);
  await expect(refused).rejects.toMatchObject({ status: 404, severity: 'terminal' });
});

test('one Keystone is the same however its address is written', () => {
  const spellings = ['http://keystone:5000', 'http://keystone:5000/v3/', 'HTTP://Keystone:5000/v3'];
  const sessions = spellings.map((authUrl) => {
    const credentials = {
      kind: 'password',
      authUrl,
      user: { id: 'u' },
      password: new Secret(password),
      project: { id: 'p' },
    } as const;
    return new Session({ credentials, interface: 'public' });
  });

  expect(sessions.map(({ keystone }) => keystone)).toEqual(spellings.map(() => 'http://keystone:5000'));
});

test('another project has a session of its own, always the same, over the same pool', async () => {
  await using cloud = await start();
  const session = cloud.session();
  const other = session.forProject('p2' as ProjectId);

  await other.request('orchestration', stacks);

  expect(other).toBe(session.forProject('p2' as ProjectId));
  expect(other.forProject('p2' as ProjectId)).toBe(other);
  expect(cloud.logins).toMatchObject([{ auth: { scope: { project: { id: 'p2' } } } }]);
  expect(cloud.seen).toEqual(['GET /orchestration/v1/p2/stacks']);
});

test('of 1,000 projects that come and go no session is kept, of one that is used it is', async () => {
  const clock = new ManualClock();
  await using cloud = await start({ clock });
  const session = cloud.session({ clock });
  const used = session.forProject('used' as ProjectId);
  for (let number = 0; number < 1_000; number++) session.forProject(`p${number}` as ProjectId);
  const most = session.projectsKept;

  clock.advance(1_800_000);
  session.forProject('used' as ProjectId);
  clock.advance(1_800_001);
  session.forProject('new' as ProjectId);

  expect([most, session.projectsKept]).toEqual([1_001, 2]);
  expect(session.forProject('used' as ProjectId)).toBe(used);
});

test('a project in which the user has no role is no reason to stop', async () => {
  await using cloud = await start({ isMember: (projectId) => projectId === 'admin' });

  const answer = cloud
    .session()
    .forProject('p2' as ProjectId)
    .token();

  await expect(answer).rejects.toMatchObject({ status: 401, severity: 'terminal' });
});

test('an application credential signs in without a scope and stays in its project', async () => {
  await using cloud = await start();
  const session = cloud.session({
    credentials: {
      kind: 'application-credential',
      authUrl: `${cloud.url}/identity`,
      credential: { name: 'bridge', user: { id: 'u1' } },
      secret: new Secret('s3cret'),
    },
  });

  await session.token();

  expect(cloud.logins).toEqual([
    {
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { name: 'bridge', user: { id: 'u1' }, secret: 's3cret' },
        },
      },
    },
  ]);
  expect(() => session.forProject('p2' as ProjectId)).toThrow('cannot be used in another project');
});

test('an application credential that is gone is reported as such', async () => {
  await using cloud = await start();
  cloud.faults.add({ service: 'cloud', path: /^\/identity/, kind: 'answer', status: 404 });
  const session = cloud.session({
    credentials: {
      kind: 'application-credential',
      authUrl: `${cloud.url}/identity`,
      credential: { id: 'c1' },
      secret: new Secret('s3cret'),
    },
  });

  const error: unknown = await session.token().catch((error: unknown) => error);

  expect(explain(error)).toBe(
    'Keystone refused application credential c1 (404). Check its id and secret; it may also have expired or been deleted, or its user, its project or their domain may be disabled.',
  );
});

test('identity v2.0 gives token, tenant and endpoints too', async () => {
  await using cloud = await start();
  const session = cloud.session({
    credentials: {
      kind: 'v2-password',
      authUrl: `${cloud.url}/identity/v2.0/`,
      username: 'concertim',
      password: new Secret(password),
      tenant: { name: 'admin' },
    },
  });

  await session.request('orchestration', stacks);
  await session.forProject('p2' as ProjectId).request('orchestration', stacks);

  expect(cloud.logins).toEqual([
    { auth: { passwordCredentials: { username: 'concertim', password }, tenantName: 'admin' } },
    { auth: { passwordCredentials: { username: 'concertim', password }, tenantId: 'p2' } },
  ]);
  expect(cloud.seen).toEqual(['GET /orchestration/v1/admin/stacks', 'GET /orchestration/v1/p2/stacks']);
});

test('a closed session sends nothing more', async () => {
  await using cloud = await start();
  const session = cloud.session();
  await session.token();

  await session.close();

  await expect(session.request('compute', flavors)).rejects.toThrow();
  expect(cloud.seen).toEqual([]);
});
