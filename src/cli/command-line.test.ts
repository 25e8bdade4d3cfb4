import { afterEach, expect, test, vi } from 'vitest';
import { runCommandLine } from './command-line.ts';

afterEach(() => vi.restoreAllMocks());

test.each(['status', 'doctor', 'plan', 'allow-deletions', 'decommission'])(
  '%s takes a time-out from 1 s to a day, and anything else is wrong usage',
  async (command) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);

    for (const seconds of ['0', '86401', '1.5', 'soon'])
      expect(await runCommandLine([command, '--timeout', seconds])).toBe(64);

    expect(written.mock.calls.join()).toContain("argument '0' is invalid. It must be from 1 to 86400.");
  },
);
