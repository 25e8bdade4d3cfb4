import type { Channel } from 'rabbitmq-client';

/** How rabbitmq-client 5.0.8 sends each request of a channel that has an answer. */
interface Requests {
  _invoke(...request: unknown[]): Promise<unknown>;
}

/** Has every request of the channel wait for its answer in this way. */
export function boundAnswers(
  channel: Channel,
  wait: (answer: Promise<unknown>) => Promise<unknown>,
): Channel {
  const requests = channel as unknown as Requests;
  const invoke = requests._invoke.bind(requests);
  requests._invoke = (...request) => wait(invoke(...request));
  return channel;
}
