import { randomUUID } from 'node:crypto';
import type { BrokerSession } from '../../amqp/broker.ts';
import { BrokerError } from '../../amqp/errors.ts';
import { queueNames } from '../../amqp/queues.ts';
import type { RabbitMqConfig } from '../../config/config.ts';
import { openEnvelope, UnreadableMessageError } from '../../notifications/envelope.ts';
import { bindToExchange } from '../../notifications/exchange-bindings.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { createKeyPair, deleteKeyPair } from '../../openstack/key-pairs.ts';
import { generateSshKey } from '../../operations/ssh-key.ts';
import { pause } from '../../runtime/pause.ts';
import { explain } from '../../runtime/severity.ts';
import { failure } from '../failure.ts';
import { error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const check = 'rabbitmq.test-event';
/** On a small cloud it takes some ten milliseconds. */
const patienceMs = 5_000;
/** Nova's default exchange, and that of services that have none of their own. */
const usualExchanges = ['nova', 'openstack'];
const why = 'Changes show within updates.interval only.';

/**
 * Whether what happens in the cloud is heard. Nova is given a key pair of our own account, which it announces, and the key
 * pair is deleted again, whatever comes between; the queue that listens is the connection's and ends with it. Of all checks
 * this alone writes.
 *
 * ```
 *  doctor ──key pair──► nova ──keypair.import.start, …──► its exchange ──► a queue of the doctor's
 * ```
 */
export async function checkTestEvent(
  { cloud, clock }: Patient,
  { session, rmq, signal }: { session: BrokerSession; rmq: RabbitMqConfig; signal: AbortSignal },
): Promise<Finding[]> {
  const name = `concertim-doctor-${randomUUID()}`;
  const heard = await listenFor(name, session, rmq);
  const startedAt = clock.now();
  const { publicKey } = await generateSshKey(name);
  const findings: Finding[] = [];
  try {
    await createKeyPair(cloud, { name, type: 'ssh', publicKey });
  } catch (cause) {
    findings.push(
      failure(check, cause, {
        why: 'It is not known whether notifications arrive.',
        repair: 'Run doctor again.',
      }),
    );
  }
  // Also where the answer to its making was lost.
  const left = await removeKeyPair(cloud, name);
  if (findings.length > 0) return [...findings, ...left];
  const over = AbortSignal.any([heard.signal, session.lost, signal]);
  await pause(clock, patienceMs, over);
  signal.throwIfAborted();
  if (heard.event === undefined) session.lost.throwIfAborted();
  return [meaningOf(heard.event, rmq, clock.now() - startedAt), ...left];
}

/** The first event about the key pair; `signal` is aborted when it arrives. */
interface Hearing {
  readonly signal: AbortSignal;
  readonly event: { readonly exchange: string; readonly type: string } | undefined;
}

async function listenFor(name: string, session: BrokerSession, rmq: RabbitMqConfig): Promise<Hearing> {
  const queue = `${queueNames(rmq.deployment).exchange}.doctor-${randomUUID()}`;
  await session.attempt((channel) => channel.queueDeclare({ queue, exclusive: true, autoDelete: true }));
  for (const exchange of rmq.exchanges) await bindToExchange(session, queue, exchange);
  const others = usualExchanges.filter((exchange) => !rmq.exchanges.includes(exchange));
  for (const exchange of others) await bindIfAllowed(session, queue, exchange);
  const found = new AbortController();
  let event: Hearing['event'];
  const channel = await session.channel();
  await channel.basicConsume({ queue, noAck: true, exclusive: true }, ({ exchange, body }) => {
    const type = eventAbout(name, body as Buffer);
    if (type === undefined) return;
    event ??= { exchange, type };
    found.abort();
  });
  return {
    signal: found.signal,
    get event() {
      return event;
    },
  };
}

/** Nobody has said that it may be read. */
async function bindIfAllowed(session: BrokerSession, queue: string, exchange: string): Promise<void> {
  try {
    await bindToExchange(session, queue, exchange);
  } catch (cause) {
    if (!(cause instanceof BrokerError) || cause.kind !== 'permission') throw cause;
  }
}

/** Its type, if it has the name in it: as `key_name` (unversioned) or `nova_object.data.name`. */
function eventAbout(name: string, body: Buffer): string | undefined {
  try {
    const { eventType, payload } = openEnvelope(body);
    return JSON.stringify(payload).includes(name) ? eventType : undefined;
  } catch (cause) {
    if (cause instanceof UnreadableMessageError) return undefined;
    throw cause;
  }
}

/** @returns that it is left behind, if it is */
async function removeKeyPair(cloud: Patient['cloud'], name: string): Promise<Finding[]> {
  try {
    await deleteKeyPair(cloud, name);
    return [];
  } catch (cause) {
    if (cause instanceof OpenStackError && cause.status === 404) return [];
    return [
      warning(check, {
        found: `The key pair ${name}, made to have Nova announce something, is still there: ${explain(cause)}`,
        why: 'Nothing uses it.',
        repair: `With the credentials of the service's account: openstack keypair delete ${name}`,
      }),
    ];
  }
}

function meaningOf(event: Hearing['event'], { exchanges, vhost }: RabbitMqConfig, ms: number): Finding {
  if (event === undefined) {
    return error(check, {
      found: `Nova made and deleted a key pair, and no notification of it arrived on ${exchanges.join(', ')} within ${patienceMs / 1_000} s`,
      why,
      repair: `In nova.conf, [oslo_messaging_notifications]: driver = messagingv2; then restart nova-api and the other services of Nova. If it is set: their transport_url has to name this broker and the virtual host ${vhost} (rmq.rmq_path), and rmq.exchanges where they publish: rabbitmqctl list_exchanges -p ${vhost} name type`,
    });
  }
  const { type, exchange } = event;
  if (exchanges.includes(exchange))
    return ok(check, `${type} arrived on exchange ${exchange}, ${ms} ms after a key pair was created`);
  return error(check, {
    found: `Nova publishes on exchange ${exchange}, and rmq.exchanges has only ${exchanges.join(', ')}`,
    why: 'No notification of its servers arrives.',
    repair: `Set rmq.exchanges to [${[...exchanges, exchange].join(', ')}].`,
  });
}
