import { expect, test } from 'vitest';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import { chooseMicroversion, forgetMicroversion, microversion } from './microversion.ts';

test.each([
  ['2.1', '2.105', '2.100'],
  ['2.1', '2.99', '2.96'],
  ['2.1', '2.93', '2.90'],
  ['2.1', '2.79', '2.79'],
  ['2.1', '2.60', '2.46'],
  ['2.1', '2.38', '2.38'],
  ['2.97', '2.99', '2.99'],
  ['', '', '2.1'],
])('of %s to %s the best is %s', (min, max, expected) => {
  expect(chooseMicroversion({ min, max })).toBe(expected);
});

test('Nova is queried once for all who wait, and again only when the answer was forgotten', async () => {
  let max = '2.93';
  await using cloud = await SmallCloud.start({
    routes: (app) =>
      void app.get('/compute/v2.1/', () => ({ version: { version: max, min_version: '2.1' } })),
  });
  const session = cloud.session();

  const together = await Promise.all([microversion(session), microversion(session), microversion(session)]);
  const later = await microversion(session);
  const asked = cloud.seen.length;
  max = '2.80';
  forgetMicroversion(session);

  expect([...together, later]).toEqual(['2.90', '2.90', '2.90', '2.90']);
  expect(asked).toBe(1);
  expect(await microversion(session)).toBe('2.79');
});
