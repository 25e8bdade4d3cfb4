import { createHash, generateKeyPairSync } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { KeyPair } from '../cloud/key-pairs.ts';
import type { Call } from './call.ts';
import { negotiate } from './microversion.ts';
import { notInSandbox, Refusal } from './refusal.ts';
import { type Answer, type Site, withToken } from './service.ts';
import { zoneless } from './times.ts';

/** From this minor microversion on Nova generates no keys. */
const importsOnly = 92;

/** Compute (Nova) v2.1: key pairs, beside `addNova`, whose manners it has. */
export function addKeyPairs(app: FastifyInstance, site: Site): void {
  const { keyPairs, options } = site.cloud;
  const route = (method: 'GET' | 'POST' | 'DELETE', url: string, answer: Answer) =>
    app.route({ method, url: `/v2.1/os-keypairs${url}`, handler: withToken(site, answer) });
  const minorOf = ({ request, reply }: Call) => negotiate(request, reply, options.microversion);
  const find = (call: Call) => {
    const userId = call.token.user.id;
    const name = call.parameter('name');
    const pair = keyPairs.find(userId, name);
    if (!pair) throw new Refusal(404, `Keypair ${name} not found for user ${userId}`);
    return pair;
  };

  route('GET', '', (call) => {
    const minor = minorOf(call);
    // Administrators may ask for another user's.
    const userId = (minor >= 10 && call.isAdmin && call.query.get('user_id')) || call.token.user.id;
    const pairs = keyPairs.of(userId);
    return JSON.stringify({ keypairs: pairs.map((pair) => ({ keypair: rowBody(pair, minor) })) });
  });
  route('GET', '/:name', (call) => {
    const minor = minorOf(call);
    const pair = find(call);
    // What Nova's table has besides.
    const columns = { id: pair.number, created_at: zoneless(pair.createdAt), updated_at: null };
    const deletion = { deleted: false, deleted_at: null };
    return JSON.stringify({
      keypair: { ...rowBody(pair, minor), user_id: pair.userId, ...columns, ...deletion },
    });
  });
  route('POST', '', (call) => {
    const minor = minorOf(call);
    const draft = parseDraft(call.body['keypair'], minor);
    const userId = call.token.user.id;
    if (keyPairs.find(userId, draft.name)) throw new Refusal(409, `Key pair '${draft.name}' already exists.`);
    const generated = draft.public_key === undefined ? generate(draft.type) : undefined;
    const publicKey = generated?.publicKey ?? draft.public_key ?? '';
    const fingerprint = fingerprintOf(publicKey);
    const { name, type } = draft;
    const createdAt = site.cloud.timeline.now();
    const pair = keyPairs.add(
      { name, userId, type, publicKey, fingerprint, createdAt },
      { verb: generated ? 'create' : 'import', projectId: call.project?.id },
    );
    call.reply.code(minor >= 2 ? 201 : 200);
    return JSON.stringify({
      keypair: {
        ...(generated && { private_key: generated.privateKey }),
        ...rowBody(pair, minor),
        user_id: userId,
      },
    });
  });
  route('DELETE', '/:name', (call) => {
    const minor = minorOf(call);
    keyPairs.remove(find(call), call.project?.id);
    call.reply.code(minor >= 2 ? 204 : 202);
    return undefined;
  });
}

const Draft = z.object({
  name: z.string().min(1).max(255),
  type: z.enum(['ssh', 'x509']).default('ssh'),
  public_key: z.string().optional(),
});

function parseDraft(body: unknown, minor: number): z.infer<typeof Draft> {
  const parsed = Draft.safeParse(body);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'keypair';
    throw new Refusal(400, `Invalid input for field/attribute ${field}.`);
  }
  const { name, public_key: publicKey } = parsed.data;
  if (minor >= importsOnly && publicKey === undefined) {
    const shown = `{'name': '${name}'}`;
    throw new Refusal(
      400,
      `Invalid input for field/attribute keypair. Value: ${shown}. 'public_key' is a required property`,
    );
  }
  const more = minor >= importsOnly ? '@.' : '';
  if (!new RegExp(`^[\\w\\- ${more}]+$`).test(name)) {
    throw new Refusal(
      400,
      `An invalid 'name' value was provided. The name must be: Only expected characters: [${more}_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ]`,
    );
  }
  return parsed.data;
}

function generate(type: 'ssh' | 'x509'): { publicKey: string; privateKey: string } {
  if (type === 'x509') throw notInSandbox('generate x509 certificates');
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { e = '', n = '' } = pair.publicKey.export({ format: 'jwk' });
  const parts = [
    Buffer.from('ssh-rsa'),
    Buffer.from(e, 'base64url'),
    Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')]),
  ];
  const blob = Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]));
  return {
    publicKey: `ssh-rsa ${blob.toString('base64')} Generated-by-Nova`,
    privateKey: pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

/** MD5 of what is between the type and the comment, whose first part is the type once more. */
function fingerprintOf(publicKey: string): string {
  const [type = '', blob = ''] = publicKey.split(' ');
  const bytes = Buffer.from(blob, 'base64');
  const inside = bytes.length > 4 ? bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString() : '';
  if (inside === '' || inside !== type) {
    throw new Refusal(400, 'Keypair data is invalid: failed to generate fingerprint');
  }
  const digest = createHash('md5').update(bytes).digest('hex');
  return (digest.match(/../g) ?? []).join(':');
}

function rowBody({ name, type, publicKey, fingerprint }: KeyPair, minor: number) {
  return { name, public_key: publicKey, fingerprint, ...(minor >= 2 ? { type } : {}) };
}
