import type { BrokerSession } from './broker.ts';
import type { QueueNames } from './queues.ts';

/**
 * Deletes our queues and our exchange from the broker, with the messages in them. One that does not exist
 * counts as deleted.
 *
 * @throws {BrokerError} of kind `permission` when the account may not
 */
export async function deleteOwn(session: BrokerSession, names: QueueNames): Promise<void> {
  const { exchange, ...queues } = names;
  for (const queue of Object.values(queues))
    await session.attempt((channel) => channel.queueDelete({ queue }));
  await session.attempt((channel) => channel.exchangeDelete({ exchange }));
}
