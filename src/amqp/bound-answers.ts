import type { Channel } from 'rabbitmq-client';

/** The private method with which rabbitmq-client 5.0.8 sends each request that has an answer. */
interface Requests {
  _invoke(...request: unknown[]): Promise<unknown>;
}

/** Makes every request of the channel wait for its answer through `wait`. */
export function boundAnswers(
  channel: Channel,
  wait: (answer: Promise<unknown>) => Promise<unknown>,
): Channel {
  const requests = channel as unknown as Requests;
  const invoke = requests._invoke.bind(requests);
  requests._invoke = (...request) => wait(invoke(...request));
  return channel;
}
