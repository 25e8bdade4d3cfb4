import { randomUUID } from 'node:crypto';
import type { Channel } from 'rabbitmq-client';
import type { BrokerSession } from '../../amqp/broker.ts';
import { BrokerError } from '../../amqp/errors.ts';
import { queueNames } from '../../amqp/queues.ts';
import type { RabbitMqConfig } from '../../config/config.ts';
import { advice, error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

/** Queues that oslo.messaging makes beside each exchange, whether anybody reads them or not. */
const sharedQueues = ['notifications.info', 'notifications.error', 'versioned_notifications.info'];
/** Nobody who reads a queue lets so much gather. */
const muchUnread = 10_000;

/** For a configuration without a broker: that is a choice. */
export function adviseBroker({ config }: Patient): Finding {
  return advice('rabbitmq.connection', {
    found: 'rmq.rmq_address is not set',
    why: `Without notifications a change of the cloud shows within ${config.updates.intervalMs / 1_000} s; with them at once.`,
    repair: 'Set rmq.rmq_address, rmq.rmq_username and rmq.rmq_password, and run the component updates_mq.',
  });
}

/**
 * RabbitMQ, connected to: what may be done there, and whether the cloud's services publish. Permissions are tried on
 * queues that do not exist, because RabbitMQ looks at them first: nothing is made, bound or taken.
 */
export async function checkBroker(session: BrokerSession, rmq: RabbitMqConfig): Promise<Finding[]> {
  const findings = [
    ok('rabbitmq.connection', `RabbitMQ at ${session.address.host} accepts user ${rmq.username}`),
  ];
  if (rmq.queue !== undefined) findings.push(await checkForeignQueue(session, rmq.queue));
  else findings.push(...(await checkPermissions(session, rmq)), ...(await checkExchanges(session, rmq)));
  findings.push(...(await checkSharedQueues(session)));
  return findings;
}

async function checkForeignQueue(session: BrokerSession, queue: string): Promise<Finding> {
  const seen = await peek(session, queue);
  const check = 'rabbitmq.queue';
  if (!seen) {
    return error(check, {
      found: `rmq.queue is ${queue}, and no such queue exists, or the account may not see it`,
      why: 'No notification arrives.',
      repair: 'Remove rmq.queue: the service then declares a queue of its own.',
    });
  }
  return warning(check, {
    found: `rmq.queue is ${queue}, which ${seen.consumerCount} other consumers read`,
    why: 'Each message reaches one consumer only: the service and the others miss what the other reads.',
    repair: 'Remove rmq.queue: the service then declares a queue of its own.',
  });
}

async function checkPermissions(
  session: BrokerSession,
  { deployment, exchanges, vhost, username }: RabbitMqConfig,
): Promise<Finding[]> {
  const { exchange } = queueNames(deployment);
  const queue = `${exchange}.doctor-${randomUUID()}`;
  const routingKey = queue;
  const bind = (to: string) => (channel: Channel) => channel.queueBind({ queue, exchange: to, routingKey });
  const needed: readonly Probe[] = [
    (channel) => channel.queueDelete({ queue }),
    bind(exchange),
    (channel) => channel.basicGet({ queue }),
    ...exchanges.filter((name) => !dispensable.has(name)).map(bind),
  ];
  const useful = exchanges.filter((name) => dispensable.has(name)).map(bind);
  const refused = await refusalsOf(session, needed);
  const refusals = new Set([...refused, ...(await refusalsOf(session, useful))]);
  if (refusals.size === 0)
    return [
      ok('rabbitmq.permissions', 'The account may declare the queues of the service, and read the exchanges'),
    ];
  const ours = '^concertim\\..*';
  const read = `^(concertim\\..*|${exchanges.map(escaped).join('|')})$`;
  const isError = refused.length > 0;
  return [
    (isError ? error : warning)('rabbitmq.permissions', {
      found: [...refusals].join(' '),
      why: isError
        ? 'Without it no notification arrives.'
        : 'Volumes and networks follow with the next full run, not at once.',
      repair: `rabbitmqctl set_permissions -p ${vhost} ${username} '${ours}' '${ours}' '${read}'; where others sign in as ${username} too, add these to what it may do: rabbitmqctl list_user_permissions ${username}`,
    }),
  ];
}

type Probe = (channel: Channel) => Promise<unknown>;

/** What RabbitMQ refuses to the account, each refusal once. */
async function refusalsOf(session: BrokerSession, probes: readonly Probe[]): Promise<string[]> {
  const refusals = new Set<string>();
  for (const probe of probes) {
    const refusal = await refusalOf(session, probe);
    if (refusal?.kind === 'permission') refusals.add(refusal.message);
  }
  return [...refusals];
}

/** As it stands in a pattern. */
function escaped(name: string): string {
  return name.replace(/[^\w-]/g, (character) => `\\${character}`);
}

/**
 * `openstack` is the name of services that have none of their own: where it is missing, all have one. Without Cinder's or
 * Neutron's, volumes and networks follow with the next full run.
 */
const dispensable: ReadonlySet<string> = new Set(['openstack', 'cinder', 'neutron']);

async function checkExchanges(
  session: BrokerSession,
  { exchanges, vhost }: RabbitMqConfig,
): Promise<Finding[]> {
  const check = 'rabbitmq.exchanges';
  const missing: string[] = [];
  for (const exchange of exchanges) {
    const refusal = await refusalOf(session, (channel) =>
      channel.exchangeDeclare({ exchange, type: 'topic', passive: true }),
    );
    if (refusal) missing.push(exchange);
  }
  const present = exchanges.filter((exchange) => !missing.includes(exchange));
  const repair = `In nova.conf and heat.conf, [oslo_messaging_notifications]: driver = messagingv2; then restart the services. Else name in rmq.exchanges what they publish to: rabbitmqctl list_exchanges -p ${vhost} name type`;
  if (present.length === 0) {
    return [
      error(check, {
        found: `None of the exchanges exists: ${missing.join(', ')}`,
        why: 'No notification can arrive.',
        repair,
      }),
    ];
  }
  const missed = missing.filter((exchange) => !dispensable.has(exchange));
  const spared = missing.filter((exchange) => exchange !== 'openstack');
  const rest =
    spared.length > 0
      ? `; ${spared.join(' and ')} ${spared.length > 1 ? 'publish' : 'publishes'} nothing`
      : '';
  if (missed.length === 0) return [ok(check, `Exchanges found: ${present.join(', ')}${rest}`)];
  return [
    warning(check, {
      found: `Exchange missing: ${missed.join(', ')}`,
      why: 'Notifications of these services do not arrive: their changes show within updates.interval only.',
      repair,
    }),
  ];
}

async function checkSharedQueues(session: BrokerSession): Promise<Finding[]> {
  const seen = [];
  for (const queue of sharedQueues) {
    const state = await peek(session, queue);
    if (state) seen.push({ queue, ...state });
  }
  const check = 'rabbitmq.notifications';
  if (seen.length === 0) {
    return [
      warning(check, {
        found:
          'No service has sent a notification since RabbitMQ started: the queue notifications.info does not exist',
        why: 'Changes show within updates.interval only.',
        repair:
          'In nova.conf and heat.conf, [oslo_messaging_notifications]: driver = messagingv2; in nova.conf, [notifications]: notify_on_state_change = vm_and_task_state; then restart nova-* and heat-*.',
      }),
    ];
  }
  const formats = seen.map(({ queue }) => queue).filter((queue) => queue.endsWith('.info'));
  const unread = seen.filter(
    ({ messageCount, consumerCount }) => consumerCount === 0 && messageCount > muchUnread,
  );
  return [
    ok(check, `Services send notifications: ${formats.join(', ')}`),
    ...unread.map(({ queue, messageCount }) =>
      warning('rabbitmq.unread', {
        found: `Queue ${queue} has ${messageCount} messages and no consumer`,
        why: "It grows until RabbitMQ runs out of memory and stops accepting the cloud's messages.",
        repair: `rabbitmqctl set_policy concertim-unread '^(versioned_)?notifications\\.' '{"message-ttl":3600000,"max-length":10000}' --apply-to queues`,
      }),
    ),
  ];
}

/** How a queue fares; undefined when there is none that we may look at. */
async function peek(
  session: BrokerSession,
  queue: string,
): Promise<{ messageCount: number; consumerCount: number } | undefined> {
  try {
    return await session.attempt((channel) => channel.queueDeclare({ queue, passive: true }));
  } catch (cause) {
    if (cause instanceof BrokerError && cause.kind !== 'unreachable') return undefined;
    throw cause;
  }
}

async function refusalOf(
  session: BrokerSession,
  probe: (channel: Channel) => Promise<unknown>,
): Promise<BrokerError | undefined> {
  try {
    await session.attempt(probe);
    return undefined;
  } catch (cause) {
    if (cause instanceof BrokerError && cause.kind !== 'unreachable') return cause;
    throw cause;
  }
}
