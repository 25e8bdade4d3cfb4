import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Release } from '../../src/concertim/profile.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Blindness, blindnesses } from './blind-cloud.ts';
import { command } from './command.ts';

/** What an operator is to read of each, in a portal of 100 servers in ten stacks. */
const numbers: Readonly<Record<Blindness, RegExp>> = {
  'Nova is blind': /100 of 100 devices are missing/,
  'Heat is blind': /10 of 10 racks are missing/,
  'Nova and Heat are blind': /100 of 100 devices, 10 of 10 racks are missing/,
  'one cell of Nova is down': /10 of 100 devices are missing/,
  'the region is another one': /100 of 100 devices, 10 of 10 racks, 6 of 6 templates are missing/,
  'Nova is of another region': /100 of 100 devices, 6 of 6 templates are missing/,
};

/**
 * Of a cloud that does not show what it has, seen as an operator sees it: exit codes, and one line with the true numbers.
 *
 * @param runs so many times `run --once`, each by a process of its own
 */
export function testRefusedDeletions(
  release: Release,
  each: readonly Blindness[],
  { runs, timeoutMs = 20_000 }: { readonly runs: number; readonly timeoutMs?: number },
): void {
  describe(`portal of ${release}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'refused-'));
    const config = join(folder, 'config.yaml');
    let sandbox: Sandbox;

    beforeAll(async () => {
      sandbox = await startSandbox({ release, projects: 3, stacks: 10, servers: 10, pace: 0 });
      writeFileSync(config, stringify({ log_level: 'info', ...sandbox.config }));
      const first = await command('run', 'updates_bulk', '--once', '-c', config).finished;
      expect(first.code).toBe(0);
    });
    afterAll(async () => {
      await sandbox.close();
      rmSync(folder, { recursive: true });
    });

    function rows(): string[] {
      const { racks, devices, templates } = sandbox.portal;
      return [racks, devices, templates].flatMap((table) => table.all().map((row) => JSON.stringify(row)));
    }

    test.each(each)(
      '%s: plan exits 2, run --once exits 1, both say how much is missing, and nothing changes',
      async (blindness) => {
        const before = rows();
        blindnesses[blindness](sandbox);

        const plan = await command('plan', '-c', config).finished;
        const once = [];
        for (let run = 0; run < runs; run++)
          once.push(await command('run', 'updates_bulk', '--once', '-c', config).finished);
        sandbox.faults.clear();

        expect(plan.code, plan.stdout + plan.stderr).toBe(2);
        expect(plan.stdout).toMatch(numbers[blindness]);
        for (const { code, stdout } of once) {
          expect(code, stdout).toBe(1);
          const errors = stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as { level: string; msg: string })
            .filter(({ level }) => level === 'error');
          expect(errors).toHaveLength(1);
          expect(JSON.stringify(errors)).toMatch(numbers[blindness]);
        }
        expect(rows()).toEqual(before);
      },
      timeoutMs,
    );

    test('once the cloud shows what it has, plan exits 0', async () => {
      const plan = await command('plan', '-c', config).finished;

      expect(plan.code, plan.stdout).toBe(0);
    });
  });
}
