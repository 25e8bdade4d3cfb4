import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Health, together } from './health.ts';

function health(options: { everyMs?: number } = {}) {
  const clock = new ManualClock(0);
  return { clock, health: new Health({ component: 'x', clock, ...options }) };
}

test('a component is ready once its work was done for the first time, and alive before', () => {
  const { health: one } = health({ everyMs: 15_000 });

  const before = one.read();
  one.succeeded();

  expect(before).toEqual({
    component: 'x',
    ready: false,
    alive: true,
    continuous: false,
    starting: true,
    failing: false,
    lastSuccessAt: undefined,
    status: 'starting',
  });
  expect(one.read()).toEqual({
    component: 'x',
    ready: true,
    alive: true,
    continuous: false,
    starting: false,
    failing: false,
    lastSuccessAt: 0,
    status: 'works',
  });
});

test('one in rounds stays ready over a failed round, not over a success that is overdue', () => {
  const { health: one, clock } = health({ everyMs: 15_000 });
  one.succeeded();
  clock.advance(45_000);

  one.failed('the portal is unavailable');
  const soon = one.read();
  clock.advance(1);

  expect(soon).toMatchObject({ ready: true, failing: true, status: 'the portal is unavailable' });
  expect(one.read()).toMatchObject({
    ready: false,
    alive: true,
    status: 'nothing complete since 1970-01-01T00:00:00.000Z; the portal is unavailable',
  });
});

test('one that is overdue says which source is old', () => {
  const clock = new ManualClock(0);
  let silence: string | undefined;
  const one = new Health({ component: 'x', clock, everyMs: 1_000, silence: () => silence });
  one.succeeded();
  silence = 'Heat has not answered since 23:00';

  const soon = one.read();
  clock.advance(3_001);

  expect(soon).toMatchObject({ ready: true, status: 'works' });
  expect(one.read().status).toMatch(/; Heat has not answered since 23:00$/);
});

test('one that did its work but for what a person must look at is ready, and says so until a round without it', () => {
  const { health: one } = health({ everyMs: 15_000 });

  one.succeeded('deletions refused');
  const held = one.read();
  one.succeeded();

  expect(held).toMatchObject({ ready: true, failing: true, status: 'deletions refused' });
  expect(one.read()).toMatchObject({ ready: true, failing: false, status: 'works' });
});

test('one in rounds whose rounds come to no end is not alive', () => {
  const { health: one, clock } = health({ everyMs: 15_000 });
  one.succeeded();

  clock.advance(1_845_000);
  const atLast = one.read();
  clock.advance(1);

  expect(atLast).toMatchObject({
    ready: false,
    alive: true,
    status: 'nothing complete since 1970-01-01T00:00:00.000Z',
  });
  expect(one.read()).toMatchObject({ alive: false });
});

test('rounds that fail one after the other are alive', () => {
  const { health: one, clock } = health({ everyMs: 15_000 });

  for (let round = 0; round < 1_000; round++) {
    clock.advance(15_000);
    one.failed('the cloud is away');
  }

  expect(one.read()).toMatchObject({ ready: false, alive: true });
});

test('one without rounds is ready until it fails, and again when it is mended', () => {
  const { health: one, clock } = health();
  one.succeeded();
  clock.advance(86_400_000);

  const afterADay = one.read();
  one.failed('the connection is lost');
  const lost = one.read();
  one.succeeded();

  expect(afterADay).toMatchObject({ ready: true, alive: true });
  expect(lost).toMatchObject({ ready: false, alive: true, status: 'the connection is lost' });
  expect(one.read()).toMatchObject({ ready: true });
});

test('who stands by is ready, for however long, until its own work begins', () => {
  const { health: one, clock } = health({ everyMs: 15_000 });

  one.standsBy();
  clock.advance(86_400_000);
  const standing = one.read();
  one.failed('the cloud is away');

  expect(standing).toMatchObject({ ready: true, alive: true, lastSuccessAt: undefined });
  expect(standing.status).toMatch(/^standby/);
  expect(one.read()).toMatchObject({ ready: false });
});

test('of several parts the one that does not work tells how the whole fares', () => {
  const { health: listener } = health();
  const { health: writer, clock } = health({ everyMs: 15_000 });
  listener.succeeded();
  clock.advance(1_000);

  const starting = together([listener.read(), writer.read()]);
  writer.succeeded();
  const working = together([listener.read(), writer.read()]);
  listener.failed('RabbitMQ is away');

  expect(starting).toMatchObject({ ready: false, alive: true, lastSuccessAt: 0, status: 'starting' });
  expect(working).toMatchObject({ ready: true, lastSuccessAt: 1_000, status: 'works' });
  expect(together([listener.read(), writer.read()])).toMatchObject({
    ready: false,
    status: 'RabbitMQ is away',
  });
});

test('a first round that lasts longer than three is starting, as long as it says how far it is', () => {
  const { health: one, clock } = health({ everyMs: 15_000 });

  clock.advance(40_000);
  one.works('10 of 40 changes made');
  clock.advance(40_000);
  const filling = one.read();
  clock.advance(10_000);

  expect(filling).toMatchObject({ ready: false, starting: true, status: '10 of 40 changes made' });
  expect(one.read()).toMatchObject({
    ready: false,
    starting: false,
    status: expect.stringMatching(/^nothing complete/),
  });
});
