import { Broker } from '../amqp/broker.ts';
import { deleteOwn } from '../amqp/delete-own.ts';
import { queueNames } from '../amqp/queues.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';

/**
 * Deletes the queues of this deployment from RabbitMQ, where one is configured.
 *
 * @throws {BrokerError} RabbitMQ is unavailable, or the account may not
 */
export async function deleteQueues({ clouds }: Config, signal: AbortSignal): Promise<void> {
  for (const { rmq } of clouds) {
    if (!rmq) continue;
    const broker = new Broker({ ...rmq, clock: systemClock, random: systemRandom });
    await using session = await broker.connect('concertim decommission', signal);
    await deleteOwn(session, queueNames(rmq.deployment));
  }
}
