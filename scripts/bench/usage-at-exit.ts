/** Loaded before the command line (`node --import`): leaves what the process took in the file that BENCH_USAGE names. */
import { writeFileSync } from 'node:fs';
import { measureUsage } from './usage.ts';

const usage = measureUsage();
process.once('exit', () => {
  const file = process.env['BENCH_USAGE'];
  const { user, system } = process.cpuUsage();
  if (file) writeFileSync(file, JSON.stringify({ ...usage(), cpuSeconds: (user + system) / 1e6 }));
});
