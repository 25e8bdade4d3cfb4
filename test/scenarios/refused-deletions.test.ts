import { testRefusedDeletions } from '../support/refused-deletions.ts';

testRefusedDeletions('2023-08', ['Nova and Heat are blind'], { runs: 1 });
testRefusedDeletions(
  'main',
  ['Heat is blind', 'the region is another one', 'Nova is of another region', 'one cell of Nova is down'],
  { runs: 1 },
);
