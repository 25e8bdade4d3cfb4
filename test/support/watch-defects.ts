import { afterAll, beforeAll } from 'vitest';

/** Notes what nobody catches while the tests of a file run. @returns all of it so far */
export function watchDefects(): () => readonly unknown[] {
  const defects: unknown[] = [];
  const note = (error: unknown) => void defects.push(error);
  beforeAll(() => void process.on('uncaughtException', note).on('unhandledRejection', note));
  afterAll(() => void process.off('uncaughtException', note).off('unhandledRejection', note));
  return () => defects;
}
