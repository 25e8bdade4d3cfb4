import { Connection } from 'rabbitmq-client';
import { limitFrames } from '../amqp/frame-limit.ts';
import type { Cloud } from './cloud/cloud.ts';
import { announce, type EmittedMessage, exchanges } from './notifications.ts';

/**
 * Publishes the cloud's notifications to a RabbitMQ, as the services do: topic exchanges of their own, not durable, and
 * the queues that all listeners without a pool share.
 *
 * @param url such as `amqp://guest:guest@127.0.0.1:5672/`
 * @param options.exchangePrefix before the exchanges' names, for sandboxes that share a broker
 * @param options.onTheWay what becomes of each message: by default itself, once
 */
export async function publishNotifications(
  cloud: Cloud,
  url: string,
  {
    exchangePrefix = '',
    onTheWay = (message) => [message],
    onError,
  }: {
    exchangePrefix?: string;
    onTheWay?: (message: EmittedMessage) => readonly EmittedMessage[];
    onError: (error: unknown) => void;
  },
): Promise<AsyncDisposable & { readonly sent: () => Promise<void> }> {
  const connection = new Connection({ url, connectionName: 'concertim sandbox' });
  limitFrames(connection);
  connection.on('error', onError);
  const named = exchanges.map((name) => `${exchangePrefix}${name}`);
  const queues = ['notifications.info', 'notifications.error'].map((name) => `${exchangePrefix}${name}`);
  const declarations = {
    exchanges: named.map((exchange) => ({ exchange, type: 'topic', durable: false })),
    queues: queues.map((queue) => ({ queue, durable: false })),
    queueBindings: named.flatMap((exchange) =>
      queues.map((queue) => ({ exchange, queue, routingKey: queue.slice(exchangePrefix.length) })),
    ),
  };
  await connection.onConnect(10_000);
  // The publisher does so with its first message, and after each connection: listeners look for them before.
  for (const exchange of declarations.exchanges) await connection.exchangeDeclare(exchange);
  for (const queue of declarations.queues) await connection.queueDeclare(queue);
  for (const binding of declarations.queueBindings) await connection.queueBind(binding);
  const publisher = connection.createPublisher({ confirm: true, maxAttempts: 20, ...declarations });
  const inFlight = new Set<Promise<void>>();
  const send = ({ exchange, routingKey, body }: EmittedMessage) => {
    const envelope = {
      exchange: exchangePrefix + exchange,
      routingKey,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      durable: true,
      priority: 0,
    };
    const sending: Promise<void> = publisher
      .send(envelope, Buffer.from(body))
      .catch(onError)
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  };
  const stop = announce(cloud, (message) => onTheWay(message).forEach(send));
  return {
    async sent() {
      await Promise.all(inFlight);
    },
    async [Symbol.asyncDispose]() {
      stop();
      await Promise.all(inFlight);
      await publisher.close();
      await connection.close();
    },
  };
}
