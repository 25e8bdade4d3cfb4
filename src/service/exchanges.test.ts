import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { Exchanges } from './exchanges.ts';

test('a listener hears of the exchanges before it as well, of each once', () => {
  const exchanges = new Exchanges({ clock: new ManualClock(), random: systemRandom });
  const { onBegin, onExchange } = exchanges.http();
  const facts = {
    service: 'Keystone',
    method: 'POST',
    outcome: 201,
    ms: 5,
    attempt: 0,
    requestId: '',
  } as const;
  const heard: string[] = [];

  for (const route of ['/a', '/b']) {
    onBegin('Keystone');
    onExchange({ ...facts, route });
    if (route === '/a') exchanges.reportTo((exchange) => heard.push(exchange.route));
  }

  expect(heard).toEqual(['/a', '/b']);
  expect(Object.fromEntries(exchanges.traffic.totals())).toEqual({ Keystone: 2 });
});
