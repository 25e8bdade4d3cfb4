import { createKeyPair, deleteKeyPair, type KeyPair, listKeyPairs } from '../../operations/key-pairs.ts';
import { faultOf } from '../answer-errors.ts';
import type { Caller } from '../caller.ts';
import { Problem } from '../problem.ts';
import type { TypedApp } from '../typed-app.ts';
import { CloudEnv } from '../wire/cloud-env.ts';
import {
  CreatedKeyPairBody,
  CreateKeyPair,
  DeletedKeyPairBody,
  DeleteKeyPair,
  KeyPairsBody,
  ListKeyPairs,
  ListKeyPairsQuery,
} from '../wire/key-pair.ts';
import { refusals } from './refusals.ts';

export function addKeyPairRoutes(app: TypedApp, caller: Caller): void {
  app.route({
    method: 'POST',
    url: '/key_pairs',
    schema: {
      summary: "Add a key pair to the user's",
      description:
        'Without a public key a pair is generated, and the answer holds its private key, this once.',
      body: CreateKeyPair,
      response: { 201: CreatedKeyPairBody, ...refusals(409) },
    },
    handler: async (request, reply) => {
      const { cloud_env: env, key_pair: draft } = request.body;
      const pair = await caller.use(request, env.login, (session) =>
        createKeyPair(session, {
          name: draft.name,
          type: draft.key_type ?? 'ssh',
          // The portal's form gives '' for a field that was left empty.
          publicKey: draft.public_key?.trim() || undefined,
        }),
      );
      reply.code(201);
      return {
        success: true as const,
        key_pair: { ...bodyOf(pair), private_key: pair.privateKey?.reveal() ?? null },
      };
    },
  });

  app.route({
    method: 'GET',
    url: '/key_pairs',
    schema: {
      summary: "The user's key pairs",
      description: 'The credentials come as a JSON body, or else as the query.',
      body: ListKeyPairs,
      querystring: ListKeyPairsQuery,
      response: { 200: KeyPairsBody, ...refusals() },
    },
    handler: async (request) => {
      const { login } = request.body?.cloud_env ?? readQuery(request.raw.url ?? '');
      const pairs = await caller.use(request, login, listKeyPairs);
      return {
        success: true as const,
        key_pairs: pairs.map((pair) => ({ ...bodyOf(pair), keypair: bodyOf(pair) })),
      };
    },
  });

  app.route({
    method: 'DELETE',
    url: '/key_pairs',
    schema: {
      summary: "Remove one of the user's key pairs",
      description: 'One that is gone already counts as removed.',
      body: DeleteKeyPair,
      response: { 200: DeletedKeyPairBody, ...refusals() },
    },
    handler: async (request) => {
      const { cloud_env: env, keypair_name: name } = request.body;
      await caller.use(request, env.login, (session) => deleteKeyPair(session, name));
      return { success: true as const };
    },
  });
}

function readQuery(url: string): CloudEnv {
  const parsed = CloudEnv.safeParse(Object.fromEntries(new URL(url, 'http://unused').searchParams));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    faultOf(`cloud_env.${path.join('.')}`, message),
  );
  throw new Problem(400, faults.join('; '));
}

function bodyOf({ name, type, fingerprint, publicKey }: KeyPair) {
  return { id: name, name, type, fingerprint, public_key: publicKey };
}
