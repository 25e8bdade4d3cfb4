/** Requests about several clouds, or several regions of one Keystone. */
import { expect, test } from 'vitest';
import { Session } from '../../src/openstack/session.ts';
import { OwnCloud } from '../../src/operations/own-cloud.ts';
import { pingCloud } from '../../src/operations/ping-cloud.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type RunningApi, startApi } from '../support/api.ts';
import { adminOf, ownCredentials } from '../support/api-cloud.ts';
import { listen } from '../support/listen.ts';
import { takeDown } from '../support/two-clouds.ts';

interface Place {
  readonly sandbox: Sandbox;
  readonly otherAuthUrls?: readonly string[];
  readonly region?: string;
}

interface Clouds extends AsyncDisposable {
  readonly north: Sandbox;
  readonly south: Sandbox;
  readonly api: RunningApi;
}

/** An API server over clouds of these names. */
async function startApiOver(places: Readonly<Record<string, Place>>) {
  const retry = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };
  const of = Object.entries(places).map(([cloud, { sandbox, region, otherAuthUrls = [] }]) => ({
    cloud,
    otherAuthUrls,
    credentials: ownCredentials(sandbox),
    session: { cloud, region, retry },
  }));
  const own = of.map(({ credentials, session }) => new Session({ ...session, credentials }));
  const [first, ...others] = own;
  if (!first) throw new Error('no cloud');
  const api = await startApi({
    authUrls: [],
    places: of.map(({ credentials: { authUrl }, otherAuthUrls, session }) => ({
      authUrl,
      otherAuthUrls,
      session,
    })),
    ownCloud: new OwnCloud(first, ...others),
    clouds: Object.keys(places),
    pingCloud: async (name) => pingCloud(own.find(({ cloud }) => cloud === name) ?? first),
  });
  return { api, close: async () => Promise.all(own.map((session) => session.close())) };
}

async function startClouds(): Promise<Clouds> {
  const size = { pace: 0, projects: 2, stacks: 2, servers: 2 };
  const north = await startSandbox({ ...size, seed: 1 });
  const south = await startSandbox({ ...size, seed: 2 });
  const { api, close } = await startApiOver({
    north: { sandbox: north },
    south: { sandbox: south, otherAuthUrls: [publicUrl(south)] },
  });
  return {
    north,
    south,
    api,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await close();
      await Promise.all([north.close(), south.close()]);
    },
  };
}

/** Another address of its Keystone. */
function publicUrl({ config }: Sandbox): string {
  return config.openstack.auth_url.replace('127.0.0.1', 'localhost');
}

/** `cloud_env` of a portal user of that cloud. */
function userOf({ population, config }: Sandbox) {
  const [account] = population.accounts;
  if (!account) throw new Error('a sandbox without accounts');
  const { user, project } = account;
  return { auth_url: config.openstack.auth_url, user_id: user.id, password, project_id: project.id };
}

function serverOf({ cloud, population }: Sandbox) {
  const [account] = population.accounts;
  const [server] = [...cloud.compute.servers({ projectId: account?.project.id ?? '' }).behind(undefined)];
  if (!server) throw new Error('a sandbox without servers');
  return server;
}

const asked = ({ services }: Sandbox) =>
  Object.entries(services).flatMap(([name, { seen }]) => (name === 'concertim' ? [] : seen)).length;

test('what is made is made in the cloud whose auth_url the request names, and the other is not asked', async () => {
  await using clouds = await startClouds();
  const { north, south, api } = clouds;
  const before = asked(north);

  const pair = await api.send('POST', '/key_pairs', { cloud_env: userOf(south), key_pair: { name: 'mine' } });
  const team = await api.send('POST', '/team', { cloud_env: adminOf(south), name: 'oscar' });
  const user = await api.send('POST', '/user', {
    cloud_env: adminOf(south),
    username: 'zoe',
    password: 'a-long-password',
  });
  const project = await api.send('POST', '/create_user_project', {
    cloud_env: adminOf(south),
    username: 'zora',
    password: 'a-long-password',
  });

  expect([pair, team, user, project].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(asked(north)).toBe(before);
  expect(south.cloud.keyPairs.of(userOf(south).user_id).map(({ name }) => name)).toEqual(['mine']);
  const made = api.printed.filter((line) => line.includes('changed in the cloud'));
  expect(made.every((line) => line.includes('"cloud":"south"'))).toBe(true);
});

test('another address that a cloud allows is its own, and no address of another', async () => {
  await using clouds = await startClouds();
  const { north, south, api } = clouds;
  const before = asked(north);
  const create = (cloud: Sandbox) =>
    api.send('POST', '/key_pairs', {
      cloud_env: { ...userOf(cloud), auth_url: publicUrl(cloud) },
      key_pair: { name: 'mine' },
    });

  const ofSouth = await create(south);
  const ofNorth = await create(north);

  expect([ofSouth, ofNorth].map(({ status }) => status)).toEqual([201, 403]);
  expect(asked(north)).toBe(before);
  expect(south.cloud.keyPairs.of(userOf(south).user_id)).toHaveLength(1);
});

test('a server is switched in its own cloud, and the writer is told which it is', async () => {
  await using clouds = await startClouds();
  const { south, api } = clouds;
  const server = serverOf(south);

  const answer = await api.send('POST', `/update_status/devices/${server.id}`, {
    cloud_env: userOf(south),
    action: 'off',
  });

  expect(answer.status).toBe(202);
  expect(serverOf(south).vmState).toBe('stopped');
  expect(api.reconciled).toMatchObject([{ kind: 'server', id: server.id }]);
});

test('credentials of one cloud open nothing of another, and go nowhere else', async () => {
  await using clouds = await startClouds();
  const { north, south, api } = clouds;
  const switchOff = (id: string, env: Record<string, string>) =>
    api.send('POST', `/update_status/devices/${id}`, { cloud_env: env, action: 'off' });
  const [ofNorth, ofSouth] = [userOf(north), userOf(south)];

  const mixed = await switchOff(serverOf(north).id, { ...ofNorth, auth_url: ofSouth.auth_url });
  const foreign = await switchOff(serverOf(north).id, ofSouth);
  const elsewhere = await switchOff(serverOf(north).id, { ...ofNorth, auth_url: 'http://127.0.0.1:1/v3' });
  const destroyed = await api.send('POST', `/update_status/devices/${serverOf(north).id}`, {
    cloud_env: ofSouth,
    action: 'destroy',
  });

  expect([mixed, foreign, elsewhere].map(({ status }) => status)).toEqual([401, 404, 403]);
  // It is not in the cloud of the request, where it counts as gone.
  expect(destroyed.status).toBe(202);
  expect(serverOf(north).vmState).toBe('active');
});

test('while one cloud is away the other is served, and who asks for the first is told', async () => {
  await using clouds = await startClouds();
  const { north, south, api } = clouds;
  takeDown(south);

  const served = await api.send('GET', '/key_pairs', { cloud_env: userOf(north) });
  const refused = await api.send('GET', '/key_pairs', { cloud_env: userOf(south) });
  const ready = await api.send('GET', '/readyz');
  takeDown(north);
  const none = await startAgain(clouds);

  expect(served.status).toBe(200);
  expect(refused).toMatchObject({
    status: 502,
    body: { message: expect.stringContaining('Keystone of cloud south answered') },
  });
  expect(ready).toMatchObject({
    status: 200,
    body: {
      ready: true,
      checks: {
        keystone: { ok: false, message: expect.stringContaining('cloud south') },
        clouds: { north: { ok: true }, south: { ok: false } },
      },
    },
  });
  expect(none).toMatchObject({ status: 503, body: { ready: false } });
});

/** What a process says of itself that knows nothing from before. */
async function startAgain({ north, south }: Clouds) {
  const { api, close } = await startApiOver({ north: { sandbox: north }, south: { sandbox: south } });
  try {
    return await api.send('GET', '/readyz');
  } finally {
    await api[Symbol.asyncDispose]();
    await close();
  }
}

test('quotas are read where the project is, and statistics are those of all clouds', async () => {
  await using clouds = await startClouds();
  const { south, api } = clouds;

  const team = await api.send('POST', '/team', { cloud_env: adminOf(south), name: 'oscar' });
  const quotas = await api.send('GET', `/team/${String(team.body.project_id)}/quotas`);
  const nobodys = await api.send('GET', '/team/0123456789abcdef0123456789abcdef/quotas');
  const both = await api.send('GET', '/statistics');
  takeDown(clouds.north);
  const again = await api.send('GET', `/team/${String(team.body.project_id)}/quotas`);
  const partly = await api.send('GET', '/statistics');

  expect([quotas.status, nobodys.status, again.status]).toEqual([200, 404, 200]);
  expect(both.body.stats.running_vms).toBe(8);
  expect(partly).toMatchObject({ status: 502, body: { message: expect.stringContaining('cloud north') } });
});

test('of regions with one Keystone the one that has a server switches it, and a project is empty when it is so in all', async () => {
  // The first region is empty; the second is the sandbox's own.
  await using empty = await listen(({ method, url = '' }, response) => {
    const lists = /\/(servers|volumes|snapshots|networks|routers|floatingips|stacks)(\/detail)?(\?|$)/.exec(
      url,
    );
    response.writeHead(method === 'GET' && lists ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(lists ? { [lists[1] ?? '']: [] } : {}));
  });
  await using sandbox = await startSandbox({ pace: 0, projects: 1, stacks: 1, servers: 2 });
  sandbox.faults.add({
    service: 'keystone',
    method: 'POST',
    path: /auth\/tokens/,
    kind: 'rewrite',
    rewrite: (body) => withRegion(body, { region: 'RegionZero', url: empty.url }),
  });
  const north = { sandbox, region: 'RegionZero' };
  const { api, close } = await startApiOver({ north, south: { sandbox, region: 'RegionOne' } });
  const server = serverOf(sandbox);
  const env = userOf(sandbox);

  const switched = await api.send('POST', `/update_status/devices/${server.id}`, {
    cloud_env: env,
    action: 'off',
  });
  const team = await api.send('DELETE', '/team', {
    cloud_env: adminOf(sandbox),
    team_info: { project_id: env.project_id },
  });
  const pair = (region_name: string) =>
    api.send('POST', '/key_pairs', { cloud_env: { ...env, region_name }, key_pair: { name: 'mine' } });
  const there = await pair('RegionOne');
  const missing = await pair('RegionZero');
  const unknown = await pair('RegionTwo');
  await api[Symbol.asyncDispose]();
  await close();

  expect(switched.status).toBe(202);
  expect(serverOf(sandbox).vmState).toBe('stopped');
  expect(team).toMatchObject({ status: 409, body: { message: expect.stringContaining('still holds') } });
  expect([there.status, missing.status, unknown.status]).toEqual([201, 404, 400]);
  expect(unknown.body.message).toContain('RegionZero, RegionOne');
});

/** A token whose catalog has each service in one more region, at another address. */
function withRegion(
  body: unknown,
  { region, url }: { readonly region: string; readonly url: string },
): unknown {
  const { token } = body as { token: { catalog: { type: string; endpoints: { url: string }[] }[] } };
  const catalog = token.catalog.map((service) => {
    if (service.type === 'identity') {
      return {
        ...service,
        endpoints: [
          ...service.endpoints,
          ...service.endpoints.map((each) => ({ ...each, region, region_id: region })),
        ],
      };
    }
    const moved = service.endpoints.map((each) => {
      const { pathname } = new URL(each.url);
      return { ...each, region, region_id: region, url: url + pathname };
    });
    return { ...service, endpoints: [...moved, ...service.endpoints] };
  });
  return { token: { ...token, catalog } };
}
