import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { Timeline } from './timeline.ts';

function start(pace = 1) {
  const clock = new ManualClock(1_000);
  const timeline = new Timeline(clock, pace);
  const told: string[] = [];
  const tell = (what: string) => () => told.push(`${what} at ${timeline.now()}`);
  return { clock, timeline, told, tell };
}

test('nothing happens before its moment, nor until somebody looks', () => {
  const { clock, timeline, told, tell } = start();
  timeline.after(500, tell('it'));

  clock.advance(499);
  timeline.catchUp();
  expect(told).toEqual([]);

  clock.advance(1);
  expect(told).toEqual([]);
  timeline.catchUp();
  expect(told).toEqual(['it at 1500']);
});

test('however late it is looked at, each thing has happened at its own moment and in order', () => {
  const { clock, timeline, told, tell } = start();
  timeline.after(300, tell('third'));
  timeline.after(100, () => {
    tell('first')();
    timeline.after(100, tell('second, which follows from the first'));
  });
  timeline.after(300, tell('fourth, made later for the same moment'));

  clock.advance(60_000);
  timeline.catchUp();

  expect(told).toEqual([
    'first at 1100',
    'second, which follows from the first at 1200',
    'third at 1300',
    'fourth, made later for the same moment at 1300',
  ]);
  expect(timeline.now()).toBe(61_000);
});

test('at pace 0 things happen at once; at another one sooner or later', () => {
  const atOnce = start(0);
  atOnce.timeline.after(500, atOnce.tell('it'));
  expect(atOnce.told).toEqual(['it at 1000']);

  const twice = start(2);
  twice.timeline.after(500, twice.tell('it'));
  twice.clock.advance(1_000);
  twice.timeline.catchUp();
  expect(twice.told).toEqual(['it at 2000']);
});

test('what recurs does so at its moments until it is stopped, whatever the pace', () => {
  const { clock, timeline, told, tell } = start(0);
  const stop = timeline.every(100, tell('tick'));

  clock.advance(250);
  timeline.catchUp();
  stop();
  clock.advance(1_000);
  timeline.catchUp();

  expect(told).toEqual(['tick at 1100', 'tick at 1200']);
});

test('settling finishes what has been begun without waiting, and leaves the background alone', () => {
  const { timeline, told, tell } = start();
  timeline.every(10, tell('tick'));
  timeline.later(20, tell('cleaning up'));
  timeline.after(5_000, () => {
    tell('begun')();
    timeline.after(5_000, tell('follows'));
  });

  timeline.settle();

  expect(told).toEqual(['begun at 1000', 'follows at 1000']);
});

test('a thing that looks at the timeline itself does not happen twice', () => {
  const { clock, timeline, told, tell } = start();
  timeline.after(100, () => {
    timeline.catchUp();
    tell('it')();
  });
  timeline.after(200, tell('the next'));

  clock.advance(1_000);
  timeline.catchUp();

  expect(told).toEqual(['it at 1100', 'the next at 1200']);
});
