import { randomUUID } from 'node:crypto';
import { startPrivateBroker, whyNoPrivateBroker } from '../../test/support/rabbitmq.ts';
import type { Figure } from './figure.ts';
import { type Setting, Stage } from './stage.ts';

/**
 * Measures on a stage whose cloud announces its changes through a RabbitMQ of its own, and whose configuration listens
 * there. Where no RabbitMQ can be had that is said, and nothing is measured.
 */
export async function onListeningStage(
  what: string,
  setting: Setting,
  settings: Record<string, unknown>,
  measure: (stage: Stage) => Promise<Figure[]>,
): Promise<Figure[]> {
  const why = whyNoPrivateBroker();
  if (why !== undefined) {
    console.log(`${what}: not measured: ${why}`);
    return [];
  }
  await using broker = await startPrivateBroker();
  const exchangePrefix = `bench-${randomUUID().slice(0, 8)}-`;
  const rmq = {
    rmq_address: broker.host,
    rmq_port: broker.port,
    rmq_username: 'guest',
    rmq_password: 'guest',
    deployment: exchangePrefix,
    exchanges: ['nova', 'heat', 'neutron'].map((service) => exchangePrefix + service),
  };
  await using stage = await Stage.set(
    setting,
    { ...settings, rmq },
    { rmq: { url: broker.url, exchangePrefix } },
  );
  return await measure(stage);
}
