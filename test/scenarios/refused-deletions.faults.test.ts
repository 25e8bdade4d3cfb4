import { allBlindnesses } from '../support/blind-cloud.ts';
import { testRefusedDeletions } from '../support/refused-deletions.ts';

for (const release of ['2023-08', 'main'] as const)
  testRefusedDeletions(release, allBlindnesses, { runs: 10, timeoutMs: 180_000 });
