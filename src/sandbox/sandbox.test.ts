import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { parseJson } from '../http/body.ts';
import { HttpClient } from '../http/client.ts';
import { ConnectionError } from '../http/errors.ts';
import { listVolumes, showVolume } from '../openstack/block-storage.ts';
import { listFlavors, listServerGroups, listServers, showServer } from '../openstack/compute.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { ProjectId, ServerId, StackId, VolumeId } from '../openstack/model.ts';
import { listExternalNetworks, listNetworks, showNetwork } from '../openstack/network.ts';
import { readStackMembers, showStack } from '../openstack/orchestration.ts';
import { Session, type SessionOptions } from '../openstack/session.ts';
import { readProjectStacks, readStacks } from '../openstack/stack-list.ts';
import { Secret } from '../runtime/secret.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

/** The product's own session on a sandbox, which tries each request once. */
function signIn({ config: { openstack } }: Sandbox, options: Partial<SessionOptions> = {}) {
  const session = new Session({
    credentials: {
      kind: 'password',
      authUrl: openstack.auth_url,
      user: { name: openstack.username, domain: { name: openstack.user_domain_name } },
      password: new Secret(openstack.password),
      project: { name: openstack.project_name, domain: { name: openstack.project_domain_name } },
    },
    retry: { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 },
    ...options,
  });
  return Object.assign(session, { [Symbol.asyncDispose]: () => session.close() });
}

describe('the product’s clients read', () => {
  test('all servers, page by page', async () => {
    await using sandbox = await startSandbox({ stacks: 30, servers: 70 });
    await using session = signIn(sandbox);

    const servers = await listServers(session);

    expect(new Set(servers.map(({ id }) => id)).size).toBe(2_100);
    expect(sandbox.services.nova.seen.filter(({ url }) => url.includes('/servers/detail'))).toHaveLength(3);
  });

  test.each(['2.1', '2.46', '2.79', '2.96', '2.100'])(
    'servers, whole, at microversion %s',
    async (microversion) => {
      await using sandbox = await startSandbox({ microversion });
      await using session = signIn(sandbox);

      const servers = await listServers(session);

      expect(servers).toHaveLength(24);
      expect(servers.filter(({ kind }) => kind === 'unreadable')).toEqual([]);
    },
  );

  test('all stacks with their parents, the servers of a tree, and its outputs', async () => {
    await using sandbox = await startSandbox({ projects: 2, stacks: 2, servers: 3 });
    await using session = signIn(sandbox);

    const { stacks } = await readStacks(session, { projects: [] });
    const [root, ...others] = stacks.filter(({ parentId }) => parentId === null);
    if (!root) throw new Error('no root stack');

    // Of each of two: the root, the group of its nodes, and two nodes.
    expect(stacks).toHaveLength(8);
    expect(others).toHaveLength(1);
    expect((await readStackMembers(session, root)).servers).toHaveLength(3);
    expect((await showStack(session, root))?.outputs).toMatchObject([
      { key: 'concertim_cluster_type', value: expect.any(String) },
      { key: 'gateway_ext_ip', value: expect.stringMatching(/^198\.18\./) },
      { key: 'web_access', value: expect.stringMatching(/^https:\/\/198\.18\./) },
    ]);
  });

  test('private flavors, server groups and external networks', async () => {
    await using sandbox = await startSandbox();
    await using session = signIn(sandbox);
    sandbox.cloud.compute.createGroup({ name: 'g', policy: 'affinity', projectId: 'p', userId: 'u' });

    expect(await listFlavors(session)).toContainEqual(expect.objectContaining({ name: 'g1.a100' }));
    expect(await listServerGroups(session)).toHaveLength(1);
    expect(await listExternalNetworks(session)).toEqual(['public']);
  });

  test('all volumes, page by page, each with the server that has it', async () => {
    await using sandbox = await startSandbox({ projects: 3, stacks: 20, servers: 51 });
    await using session = signIn(sandbox);

    const volumes = await listVolumes(session);

    expect(new Set(volumes.map(({ id }) => id)).size).toBe(1_020);
    expect(sandbox.services.cinder.seen).toHaveLength(2);
    const servers = new Map((await listServers(session)).map((server) => [server.id, server]));
    for (const volume of volumes) {
      if (volume.kind !== 'volume') throw new Error(volume.problem);
      const [server] = volume.servers.map((id) => servers.get(id));
      expect(volume).toMatchObject({
        status: 'in-use',
        bootable: true,
        name: expect.stringMatching(/volume/),
      });
      expect(server).toMatchObject({ projectId: volume.projectId, volumes: [{ id: volume.id }] });
    }
  });

  test('all networks, with what a stack has of them, and none of its volumes or networks once it is deleted', async () => {
    await using sandbox = await startSandbox({ projects: 2, stacks: 2, servers: 3, pace: 0 });
    await using session = signIn(sandbox);
    const [root] = (await readStacks(session, { projects: [] })).stacks.filter(
      ({ parentId }) => parentId === null,
    );
    if (!root) throw new Error('no root stack');

    const members = await readStackMembers(session, root, ['server', 'volume', 'network']);
    const [networkId] = members.networks;
    const [volumeId] = members.volumes;
    if (!networkId || !volumeId) throw new Error('no network, or no volume');

    expect([members.servers.length, members.volumes.length, members.networks.length]).toEqual([3, 3, 1]);
    expect(await listNetworks(session)).toHaveLength(4);
    expect(await showNetwork(session, networkId)).toMatchObject({
      projectId: root.projectId,
      status: 'ACTIVE',
      adminStateUp: true,
      mtu: 1450,
      dnsDomain: null,
    });
    sandbox.cloud.networking.changeNetwork(networkId, { adminStateUp: false });
    sandbox.cloud.blockStorage.changeVolume(volumeId, { status: 'error' });
    expect(await showNetwork(session, networkId)).toMatchObject({ adminStateUp: false });
    expect(await showVolume(session, volumeId)).toMatchObject({ status: 'error' });

    sandbox.cloud.orchestration.deleteStack(root.id);

    expect(await showNetwork(session, networkId)).toBeUndefined();
    expect(await showVolume(session, volumeId)).toBeUndefined();
    expect(await listVolumes(session)).toHaveLength(3);
    expect(await listNetworks(session)).toHaveLength(3);
  });

  test('of volumes and networks only their own, where the user is no administrator', async () => {
    await using sandbox = await startSandbox({ projects: 2, stacks: 2, servers: 3 });
    const [account] = sandbox.population.accounts;
    if (!account) throw new Error('no account');
    await using session = signIn(sandbox, {
      credentials: {
        kind: 'password',
        authUrl: sandbox.config.openstack.auth_url,
        user: { name: account.user.name, domain: { name: 'Default' } },
        password: new Secret('secret'),
        project: { name: account.project.name, domain: { name: 'Default' } },
      },
    });

    const volumes = await listVolumes(session);
    const networks = await listNetworks(session);

    const projectsOf = (rows: readonly object[]) =>
      new Set(rows.map((row) => 'projectId' in row && row.projectId));
    expect(volumes).toHaveLength(3);
    expect(projectsOf(volumes)).toEqual(new Set([account.project.id]));
    expect(networks.map((network) => 'name' in network && network.name)).toEqual(
      expect.arrayContaining(['public', 'private']),
    );
    expect(networks).toHaveLength(3);
    const others = [...sandbox.cloud.blockStorage.volumes()].find(
      ({ projectId }) => projectId !== account.project.id,
    );
    expect(await showVolume(session, (others?.id ?? '') as VolumeId)).toBeUndefined();
  });

  test('a cloud without Cinder', async () => {
    await using sandbox = await startSandbox({ cinder: false });
    await using session = signIn(sandbox);

    await expect(listVolumes(session)).rejects.toThrow(/no public endpoint of type block-storage \(Cinder\)/);
  });

  test('the root stack of each server from Nova alone, where Heat hints it', async () => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, stackSchedulerHints: true });
    await using session = signIn(sandbox);
    const [root] = [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => !parent);

    const servers = await listServers(session);

    expect(servers.map((server) => server.kind === 'server' && server.rootStackId)).toEqual(
      servers.map(() => root?.id),
    );
  });

  test('the stacks project by project, where Heat knows no administrators', async () => {
    await using sandbox = await startSandbox({ projects: 2, stacks: 2, adminContext: false });
    await using session = signIn(sandbox);
    const [project] = sandbox.population.accounts.map((account) => account.project.id as ProjectId);
    if (!project) throw new Error('no project');

    const { stacks } = await readProjectStacks(session, project);

    expect(stacks.filter(({ parentId }) => parentId === null)).toHaveLength(1);
    expect(stacks.every(({ projectId }) => projectId === project)).toBe(true);
  });

  test('that a deleted stack was deleted and a deleted server is not there', async () => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, pace: 0 });
    await using session = signIn(sandbox);
    const { cloud, population } = sandbox;
    const [stack] = cloud.orchestration.stacks(population.accounts[0]?.project.id);
    const [server] = cloud.compute.servers();
    if (!stack || !server) throw new Error('nothing there');
    const root = [...cloud.orchestration.stacks()].find(({ parent }) => !parent) ?? stack;

    cloud.orchestration.deleteStack(root.id);

    const ref = { id: root.id as StackId, name: root.name, projectId: root.projectId as ProjectId };
    expect((await showStack(session, ref))?.stack.status).toBe('DELETE_COMPLETE');
    expect(await showServer(session, server.id as ServerId)).toBeUndefined();
  });
});

describe('signing in', () => {
  test('a token that has ended is refused by every service, and the session gets another one', async () => {
    const clock = new ManualClock();
    await using sandbox = await startSandbox({ clock, tokenLifetimeS: 60 });
    // Its own clock stands still: it cannot know that the token ends.
    await using session = signIn(sandbox, { clock: new ManualClock() });
    await listServers(session);
    clock.advance(61_000);

    expect(await listFlavors(session)).not.toEqual([]);
    expect(sandbox.services.keystone.seen.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('in v2.0 too', async () => {
    await using sandbox = await startSandbox();
    const { auth_url, username, password, project_name } = sandbox.config.openstack;
    await using session = signIn(sandbox, {
      credentials: {
        kind: 'v2-password',
        authUrl: auth_url.replace('/v3', '/v2.0'),
        username,
        password: new Secret(password),
        tenant: { name: project_name },
      },
    });

    expect(await listServers(session)).toHaveLength(24);
  });

  test('with an application credential', async () => {
    await using sandbox = await startSandbox();
    const { cloud, population } = sandbox;
    const { id } = cloud.identity.createApplicationCredential({
      name: 'service',
      secret: 'canary',
      userId: population.concertim.id,
      projectId: population.admin.id,
    });
    await using session = signIn(sandbox, {
      credentials: {
        kind: 'application-credential',
        authUrl: sandbox.config.openstack.auth_url,
        credential: { id },
        secret: new Secret('canary'),
      },
    });

    expect(await listServers(session)).toHaveLength(24);
  });
});

describe('time', () => {
  test('what was begun goes on as the clock does, and a request sees it', async () => {
    const clock = new ManualClock();
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, clock });
    await using session = signIn(sandbox);
    const [server] = sandbox.cloud.compute.servers();
    if (!server) throw new Error('no server');
    const state = async () => {
      const shown = await showServer(session, server.id as ServerId);
      return shown?.kind === 'server' ? [shown.vmState, shown.taskState] : shown;
    };

    sandbox.cloud.compute.act(server.id, 'stop');
    expect(await state()).toEqual(['active', 'powering-off']);

    clock.advance(1_000);
    expect(await state()).toEqual(['stopped', null]);
  });

  test('a story goes on by itself, at its own moments', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    await using sandbox = await startSandbox({
      clock,
      story: true,
      storyIntervalMs: 5_000,
      onStep: (step) => told.push(step),
    });

    clock.advance(30_000);
    sandbox.advance();

    expect(told).toHaveLength(6);
  });
});

test('requests do not change the story: the same seed gives the same ids whatever is read meanwhile', async () => {
  const play = async (look: (session: Session) => Promise<unknown>) => {
    const clock = new ManualClock();
    await using sandbox = await startSandbox({ seed: 3, clock });
    await using session = signIn(sandbox);
    for (let step = 0; step < 20; step++) {
      clock.advance(5_000);
      await look(session);
      sandbox.advance();
      sandbox.tick();
    }
    return [...sandbox.cloud.compute.servers()].map(({ id, name, vmState }) => `${id} ${name} ${vmState}`);
  };

  const unseen = await play(async () => {});
  const watched = await play((session) => listServers(session));

  expect(watched).toEqual(unseen);
});

test('the portal has a user for each project, and the service’s own account is an administrator there', async () => {
  await using sandbox = await startSandbox({ projects: 2 });

  const users = sandbox.portal.users.all().filter(({ root }) => !root);

  expect(users.map(({ login, project_id }) => [login, project_id])).toEqual(
    sandbox.population.accounts.map(({ login, project }) => [login, project.id]),
  );
  expect(sandbox.population.accounts.map(({ project }) => project.name)).toEqual([
    'CM_user1_proj',
    'CM_user2_proj',
  ]);
});

describe('a name asks for a fault', () => {
  const named = async (name: string, what: (session: Session, sandbox: Sandbox) => Promise<unknown>) => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, pace: 0 });
    await using session = signIn(sandbox);
    const { cloud, population } = sandbox;
    const [account] = population.accounts;
    const [server] = cloud.compute.servers();
    if (!account || !server) throw new Error('nothing there');
    cloud.compute.renameServer(server.id, name);
    return await what(session, sandbox);
  };

  test('a server named fault-500: Nova’s 500 instead of any list that it is in', async () => {
    const error = await named('fault-500', (session) =>
      listServers(session).catch((error: unknown) => error),
    );

    expect(error).toBeInstanceOf(OpenStackError);
    expect(error).toMatchObject({ status: 500, service: 'Nova' });
  });

  test('a server named fault-reset-1: a broken connection', async () => {
    const error = await named('fault-reset-1', (session) =>
      listServers(session).catch((error: unknown) => error),
    );

    expect(error).toBeInstanceOf(ConnectionError);
  });

  test('a stack named fault-503: it is listed, but not shown', async () => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, pace: 0 });
    await using session = signIn(sandbox);
    const { cloud, population } = sandbox;
    const [account] = population.accounts;
    if (!account) throw new Error('no account');
    const template = { description: '', parameters: {}, resources: {}, outputs: [] };
    const { project, user: owner } = account;
    cloud.orchestration.createStack({ name: 'fault-503', project, owner, template });

    const { stacks } = await readStacks(session, { projects: [] });
    const faulty = stacks.find(({ name }) => name === 'fault-503');
    if (!faulty) throw new Error('it is not listed');

    await expect(showStack(session, faulty)).rejects.toMatchObject({ status: 503 });
    await expect(readStackMembers(session, faulty)).rejects.toMatchObject({ status: 503 });
  });

  test('a project named fault-429: every request about it', async () => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1 });
    await using session = signIn(sandbox);
    const project = sandbox.cloud.identity.createProject({ name: 'fault-429' });

    const asked = listServers(session, { projectId: project.id as ProjectId });

    await expect(asked).rejects.toMatchObject({ status: 429 });
  });
});

describe('the control service', () => {
  const control = async (sandbox: Sandbox) => {
    const http = new HttpClient({ service: 'control' });
    const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => {
      const url = sandbox.services.control.url + path;
      const response = await http.request({
        method,
        url,
        route: path,
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, body: response.text === '' ? undefined : parseJson(response) };
    };
    return { ask, [Symbol.asyncDispose]: () => http.close() };
  };

  test('arms faults and takes them back', async () => {
    await using sandbox = await startSandbox();
    await using session = signIn(sandbox);
    await using person = await control(sandbox);

    const fault = { service: 'nova', kind: 'answer', status: 503, path: 'flavors', times: 5 };
    expect(await person.ask('POST', '/faults', fault)).toMatchObject({ status: 201 });
    await expect(listFlavors(session)).rejects.toMatchObject({ status: 503 });
    expect(await person.ask('GET', '/faults')).toMatchObject({ body: { faults: [fault] } });

    await person.ask('DELETE', '/faults');
    expect(await listFlavors(session)).not.toEqual([]);
  });

  test('says what is wrong with a fault that is none', async () => {
    await using sandbox = await startSandbox();
    await using person = await control(sandbox);

    const answer = await person.ask('POST', '/faults', { service: 'nova', kind: 'explode' });

    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain('kind');
    expect(sandbox.faults.armed).toEqual([]);
  });

  test('tells where everything is, has the story go on, and ends tokens', async () => {
    await using sandbox = await startSandbox({ pace: 0 });
    await using session = signIn(sandbox);
    await using person = await control(sandbox);
    const token = await session.token();

    expect(await person.ask('GET', '/')).toMatchObject({
      body: { services: { nova: sandbox.services.nova.url }, servers: 24 },
    });
    expect(await person.ask('POST', '/tick?steps=3')).toMatchObject({
      body: { told: [expect.any(String), expect.any(String), expect.any(String)] },
    });
    await person.ask('DELETE', '/tokens');
    expect(sandbox.cloud.identity.token(token.text.reveal())).toBeUndefined();
  });
});

describe('with several clouds', () => {
  const names = { clouds: ['north', 'south'], projects: 2, stacks: 2, servers: 2 } as const;

  test('the portal has users of each, whose ids are their own', async () => {
    await using sandbox = await startSandbox(names);

    const { clouds, portal } = sandbox;
    const logins = portal.users.all().flatMap(({ root, login }) => (root ? [] : login));
    const ids = clouds.flatMap(({ cloud }) => [...cloud.compute.servers()].map(({ id }) => id));

    expect(logins).toEqual(['user1', 'user2', 'south-user1', 'south-user2']);
    expect(new Set(ids).size).toBe(8);
    expect(clouds[0].cloud).toBe(sandbox.cloud);
    expect(sandbox.tick().map((told) => told.split(':')[0])).toEqual(['north', 'south']);
  });

  test('a fault of one is none of the other', async () => {
    await using sandbox = await startSandbox(names);
    const [north, south] = sandbox.clouds;
    const send = (body: object) =>
      fetch(`${sandbox.services.control.url}/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const statuses = () =>
      Promise.all(
        [north, south].map(async (cloud) => (await fetch(`${cloud?.services.nova.url}/v2.1/servers`)).status),
      );

    await send({ cloud: 'south', service: 'nova', kind: 'answer', status: 503 });
    expect(await statuses()).toEqual([401, 503]);
    expect((await send({ cloud: 'east', service: 'nova', kind: 'stall' })).status).toBe(400);
    await send({ service: 'nova', kind: 'answer', status: 502 });
    expect(await statuses()).toEqual([502, 503]);
  });

  test('regions of one Keystone have the same users and projects, and servers of their own', async () => {
    await using sandbox = await startSandbox({ ...names, sharedKeystone: true });
    const serversOf = async (region: string) => {
      await using session = signIn(sandbox, { region });
      return (await listServers(session)).map(({ id }) => id);
    };

    const [north, south] = [await serversOf('north'), await serversOf('south')];
    const users = sandbox.portal.users.all().filter(({ root }) => !root);

    expect(users.map(({ login }) => login)).toEqual(['user1', 'user2']);
    expect(new Set([...north, ...south]).size).toBe(8);
    await using session = signIn(sandbox);
    await expect(listServers(session)).rejects.toThrow(/region/);
  });
});

test('listens below the ports of outgoing connections, which could take one that refuses for a while', async () => {
  await using sandbox = await startSandbox({ clouds: ['north', 'south'] });

  const ports = sandbox.clouds.flatMap(({ services }) => Object.values(services).map(({ port }) => port));

  expect(Math.max(...ports, Number(new URL(sandbox.config.concertim.concertim_url).port))).toBeLessThan(
    32_768,
  );
});
