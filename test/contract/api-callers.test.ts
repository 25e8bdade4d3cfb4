/** The portal's jobs as they were recorded, both generations, against the API server and the sandbox's cloud. */
import { expect, test } from 'vitest';
import type { User } from '../../src/sandbox/cloud/identity.ts';
import type { ApiAnswer } from '../support/api.ts';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';
import { type RecordedJob, recordedJobs } from '../support/recorded-job.ts';

type Body = Record<string, unknown> & { cloud_env: Record<string, string> };

/** The recorded accounts: users by id, with password and project. */
const accounts = [
  { id: 'aaaaaaaabbbbccccddddeeeeeeeeeeee', password: 'adminpw', project: 'adminproj', role: 'admin' },
  {
    id: '0123456789abcdef0123456789abcdef',
    password: 'secret-alice',
    project: 'fedcba9876543210fedcba9876543210',
    role: 'member',
  },
];

/** Puts the recorded accounts into the cloud, as their ids are. */
function addRecordedAccounts({ sandbox }: ApiCloud, password?: string): void {
  const { identity } = sandbox.cloud;
  for (const { id, project: projectId, role, ...rest } of accounts) {
    const project = { id: projectId, name: projectId, domainId: 'default', description: '', enabled: true };
    identity.projects.set(projectId, project);
    const user: User = {
      id,
      name: id,
      domainId: 'default',
      enabled: true,
      password: role === 'member' ? (password ?? rest.password) : rest.password,
      email: undefined,
      description: undefined,
      defaultProjectId: projectId,
    };
    identity.users.set(id, user);
    identity.grant(user, project, role);
  }
}

/** A server and a stack that the recorded user may touch, in the state from which the action is possible. */
async function makeObjectFor(cloud: ApiCloud, job: RecordedJob): Promise<string> {
  const { compute } = cloud.sandbox.cloud;
  const { action } = job.request.body as Body;
  const [account] = cloud.sandbox.population.accounts;
  if (job.request.path.includes('/racks/')) {
    const project = cloud.sandbox.cloud.identity.projects.get('fedcba9876543210fedcba9876543210');
    const user = cloud.sandbox.cloud.identity.users.get('0123456789abcdef0123456789abcdef');
    if (!project || !user || !account) throw new Error('no account');
    return cloud.sandbox.population.addCluster({ ...account, project, user }, { servers: 1, since: 0 }).id;
  }
  const [flavor] = compute.flavors.values();
  if (!flavor) throw new Error('no flavor');
  const server = compute.createServer({
    name: 'inst-1',
    projectId: 'fedcba9876543210fedcba9876543210',
    userId: '0123456789abcdef0123456789abcdef',
    flavor,
  });
  if (action === 'on') compute.act(server.id, 'stop');
  if (action === 'resume') compute.act(server.id, 'suspend');
  return server.id;
}

/** Sends a recorded request, its address and its object's id put in place of the recorded ones. */
async function resend(cloud: ApiCloud, { request }: RecordedJob, objectId = ''): Promise<ApiAnswer> {
  const here = cloud.admin['auth_url'] ?? '';
  const path = request.path
    .replace(/(?:inst|os|stack)-1$/, objectId)
    .replace(encodeURIComponent('http://keystone:5000/v3'), encodeURIComponent(here));
  const { body } = request;
  if (body === '') return cloud.api.send(request.method, path);
  const env: Record<string, string> = { ...(body as Body).cloud_env, auth_url: here };
  // The portal of 2024 was recorded with an id that is none.
  if (env['user_id'] === 'aaaaaaaa-bbbb') env['user_id'] = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
  return cloud.api.send(request.method, path, { ...body, cloud_env: env });
}

const jobs = [...recordedJobs('A'), ...recordedJobs('B')];
const passwordIn = (job: RecordedJob) => (job.name.startsWith('B') ? 'secret-carol' : undefined);
const jobsOf = (pattern: RegExp) => jobs.filter(({ name }) => pattern.test(name));

test('all recorded jobs that ask something of the cloud are here', () => {
  expect(jobs.map(({ name }) => name).filter((name) => name.startsWith('A'))).toHaveLength(12);
  expect(jobs.map(({ name }) => name).filter((name) => name.startsWith('B'))).toHaveLength(7);
});

test('the recorded sign-up gets ids that the portal can keep', async () => {
  await using cloud = await startApiCloud();
  addRecordedAccounts(cloud);
  const [job] = jobsOf(/user-signup-first-time/);

  const answer = await resend(cloud, job as RecordedJob);

  expect(answer.status).toBe(201);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.body.username).toBe('alice');
  expect(answer.body.user_id).toMatch(/^[\da-f]{32}$/);
  expect(answer.body.project_id).toMatch(/^[\da-f]{32}$/);
});

test('the recorded sign-up with ids that are known, the user id with dashes, gets the same ids', async () => {
  await using cloud = await startApiCloud();
  addRecordedAccounts(cloud);
  const [first, again] = jobsOf(/user-signup/);
  const { body: made } = await resend(cloud, first as RecordedJob);
  const dashed = String(made.user_id).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const request = { ...(again as RecordedJob).request };
  request.body = { ...(request.body as Body), cloud_user_id: dashed, project_id: made.project_id };

  const answer = await resend(cloud, { name: 'again', request });

  expect(answer.status).toBe(201);
  expect(answer.body).toEqual(made);
});

test.each(jobsOf(/status-change-(?!device-without)/))(
  '$name is carried out, and looked at again',
  async (job) => {
    await using cloud = await startApiCloud();
    addRecordedAccounts(cloud, passwordIn(job));
    const id = await makeObjectFor(cloud, job);

    const answer = await resend(cloud, job, id);

    expect(answer).toMatchObject({ status: 202, body: { success: true } });
    expect(cloud.api.reconciled).toMatchObject([{ id }]);
  },
);

test('the recorded job for a device without an id of the cloud gets a message for its user', async () => {
  await using cloud = await startApiCloud();
  addRecordedAccounts(cloud);
  const [job] = jobsOf(/device-without-openstack-instance-id/);

  const answer = await resend(cloud, job as RecordedJob);

  expect(answer.status).toBe(400);
  expect(answer.body.message).toBe('id: is no id of the cloud: has Concertim none for it?');
});

test.each(jobsOf(/key-pair-create-generated/))('$name: the private key comes, this once', async (job) => {
  await using cloud = await startApiCloud();
  addRecordedAccounts(cloud, passwordIn(job));

  const answer = await resend(cloud, job);

  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({
    success: true,
    key_pair: {
      name: 'mykey',
      type: 'ssh',
      fingerprint: expect.stringMatching(/^([\da-f]{2}:){15}[\da-f]{2}$/),
      private_key: expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----\n/),
    },
  });
});

test.each(jobsOf(/key-pair-create-imported/))(
  '$name: a key that is none is refused in words',
  async (job) => {
    await using cloud = await startApiCloud();
    addRecordedAccounts(cloud, passwordIn(job));

    const answer = await resend(cloud, job);

    expect(answer.status).toBe(400);
    expect(answer.body.message).toBe('Keypair data is invalid: failed to generate fingerprint');
  },
);

test.each(jobsOf(/key-pairs-list/))('$name: a list comes', async (job) => {
  await using cloud = await startApiCloud();
  addRecordedAccounts(cloud, passwordIn(job));

  const answer = await resend(cloud, job);

  expect(answer).toMatchObject({ status: 200, body: { success: true, key_pairs: [] } });
});

test.each(jobsOf(/key-pair-delete/))('$name: what is gone already counts as removed', async (job) => {
  await using cloud = await startApiCloud();
  addRecordedAccounts(cloud, passwordIn(job));

  const answer = await resend(cloud, job);

  expect(answer).toMatchObject({ status: 200, body: { success: true } });
});
