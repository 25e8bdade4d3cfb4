import { setTimeout as passed } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Image } from './image.ts';

/** A container that was started. */
export type Running = ReturnType<Image['start']>;

/** Waits until the condition holds; fails when the container ends before. */
export async function until(running: Running, condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    const ended = running.exit.then((code) => `ended with ${code}: ${running.output()}`);
    expect(await Promise.race([ended, passed(200, 'runs')])).toBe('runs');
  }
}

/** Stops it as Docker does. */
export async function stop(
  running: Running,
  image: Image,
): Promise<{ code: number | null; seconds: number }> {
  const stopping = performance.now();
  running.kill(image.config.StopSignal);
  const code = await running.exit;
  return { code, seconds: (performance.now() - stopping) / 1_000 };
}
