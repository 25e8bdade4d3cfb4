/** Portal users keep key pairs in the cloud. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';

const ed25519 =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKx8dEF2AWHz1nttBtF+dlUMh4UbJmbZQng3H+Lc0Nhs someone@example.com';

function create(cloud: ApiCloud, keyPair: Record<string, unknown>) {
  return cloud.api.send('POST', '/key_pairs', { cloud_env: cloud.user, key_pair: keyPair });
}

/** The modulus in a line of `authorized_keys`. */
function modulusOf(publicKey: string): string {
  let rest = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  const parts: Buffer[] = [];
  while (rest.length > 0) {
    const length = rest.readUInt32BE(0);
    parts.push(rest.subarray(4, 4 + length));
    rest = rest.subarray(4 + length);
  }
  expect(parts[0]?.toString()).toBe('ssh-rsa');
  return parts[2]?.toString('hex').replace(/^00/, '') ?? '';
}

test('a pair that is generated fits together, and Nova never sees its private key', async () => {
  await using cloud = await startApiCloud();

  const { status, body } = await create(cloud, { name: 'mine', key_type: 'ssh', public_key: null });

  const { public_key: publicKey, private_key: privateKey } = body.key_pair;
  const { n = '' } = createPublicKey(createPrivateKey(privateKey)).export({ format: 'jwk' });
  expect(status).toBe(201);
  expect(Buffer.from(n, 'base64url').toString('hex')).toBe(modulusOf(publicKey));
  const [kept] = cloud.sandbox.cloud.keyPairs.of(cloud.user['user_id'] ?? '');
  expect(kept).toMatchObject({ name: 'mine', type: 'ssh', publicKey });
});

test('a public key that is given is taken as it is', async () => {
  await using cloud = await startApiCloud();

  const { body } = await create(cloud, { name: 'mine', key_type: 'ssh', public_key: ed25519 });

  expect(body).toEqual({
    success: true,
    key_pair: {
      id: 'mine',
      name: 'mine',
      type: 'ssh',
      public_key: ed25519,
      fingerprint: '1c:1f:68:3f:0d:25:2e:e3:67:16:57:c8:d7:ad:49:83',
      private_key: null,
    },
  });
});

test('an x509 pair that the cloud does not generate is refused in words', async () => {
  await using cloud = await startApiCloud();
  const message = "Invalid input for field/attribute keypair. Value: {}. 'public_key' is a required property";
  cloud.sandbox.faults.add({
    service: 'nova',
    kind: 'answer',
    status: 400,
    body: JSON.stringify({ badRequest: { code: 400, message } }),
    headers: { 'content-type': 'application/json' },
  });

  const answer = await create(cloud, { name: 'mine', key_type: 'x509', public_key: null });

  expect(answer.status).toBe(400);
  expect(answer.body.message).toMatch(/^key_pair\.public_key: this cloud generates no x509 key pairs/);
});

test('pairs are listed by body and by query, and removed', async () => {
  await using cloud = await startApiCloud();
  await create(cloud, { name: 'mine', public_key: ed25519 });

  const byBody = await cloud.api.send('GET', '/key_pairs', { cloud_env: cloud.user });
  const byQuery = await cloud.api.send('GET', `/key_pairs?${new URLSearchParams(cloud.user).toString()}`);
  const removed = await cloud.api.send('DELETE', '/key_pairs', {
    cloud_env: cloud.user,
    keypair_name: 'mine',
  });
  const after = await cloud.api.send('GET', '/key_pairs', { cloud_env: cloud.user });

  expect(byBody.body.key_pairs).toMatchObject([{ name: 'mine', type: 'ssh' }]);
  expect(byQuery.body).toEqual(byBody.body);
  expect(removed).toMatchObject({ status: 200, body: { success: true } });
  expect(after.body.key_pairs).toEqual([]);
});

test('each row has what portals before 1.2.0 read, and what later ones do', async () => {
  await using cloud = await startApiCloud();
  await create(cloud, { name: 'mine', public_key: ed25519 });

  const { body } = await cloud.api.send('GET', '/key_pairs', { cloud_env: cloud.user });

  const pair = { name: 'mine', type: 'ssh', fingerprint: expect.stringMatching(/^1c:1f:/) };
  expect(body.key_pairs).toMatchObject([{ ...pair, keypair: pair }]);
});

test('a pair that is gone counts as removed', async () => {
  await using cloud = await startApiCloud();

  const answer = await cloud.api.send('DELETE', '/key_pairs', {
    cloud_env: cloud.user,
    keypair_name: 'never-there',
  });

  expect(answer).toMatchObject({ status: 200, body: { success: true } });
});

test.each([
  { newest: 92, status: 201 },
  { newest: 96, status: 201 },
  { newest: 90, status: 400 },
])('a name with @ and . is taken where Nova is at 2.$newest: $status', async ({ newest, status }) => {
  await using cloud = await startApiCloud({ sandbox: { microversion: `2.${newest}` } });

  const answers = [
    await create(cloud, { name: 'me@laptop.example', public_key: ed25519 }),
    await create(cloud, { name: 'you@laptop.example', public_key: null }),
  ];

  expect(answers.map((answer) => answer.status)).toEqual([status, status]);
});

test('a name that is taken is a conflict', async () => {
  await using cloud = await startApiCloud();
  await create(cloud, { name: 'mine', public_key: ed25519 });

  const answer = await create(cloud, { name: 'mine', public_key: ed25519 });

  expect(answer).toMatchObject({ status: 409, body: { message: "Key pair 'mine' already exists." } });
});

test('a pair whose answer was lost is not lost', async () => {
  await using cloud = await startApiCloud();
  cloud.sandbox.faults.add({ service: 'nova', method: 'POST', times: 1, kind: 'reset-after' });

  const { status, body } = await create(cloud, { name: 'mine', public_key: null });

  expect(status).toBe(201);
  expect(body.key_pair.private_key).toContain('PRIVATE KEY');
});
