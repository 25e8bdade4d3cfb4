import {
  type Cell,
  cells,
  type FaultName,
  faultNames,
  hasMeaning,
  phases,
  type System,
  systems,
  whyNot,
} from './matrix.ts';
import {
  type CloudCell,
  cloudCells,
  cloudFaults,
  cloudPhases,
  cloudSystems,
  whyNotInCloud,
} from './matrix-clouds.ts';

/** What became of a cell that has a meaning. */
export type Outcome =
  | { readonly kind: 'recovered'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'not run'; readonly why: string };

/** What is written of a cell: a failure is mended, not written down. */
export type Written = Exclude<Outcome, { readonly kind: 'failed' }>;

/** `docs/reliability.md` as `npm run test:faults` writes it: of parts that are written when all of their cells were run and none failed. */
export interface Reliability {
  /** Of one cloud. */
  readonly matrix: string;
  /** Of the second of two clouds. */
  readonly clouds: string;
}

export function joinReliability({ matrix, clouds }: Reliability): string {
  return `${[matrix, clouds, how].join('\n\n')}\n`;
}

/** The parts of the document as it is. */
export function partsOfReliability(text: string): Reliability {
  const [matrix = '', rest = ''] = text.split(`\n\n${cloudsHeading}`);
  const [clouds = ''] = rest.split('\n\n## How it is made');
  return { matrix, clouds: `${cloudsHeading}${clouds}` };
}

/** Reasons, numbered as they come, and what is written of an outcome. */
function takeNotes() {
  const reasons: string[] = [];
  const note = (reason: string) => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return `<sup>${reasons.indexOf(reason) + 1}</sup>`;
  };
  const describe = (outcome: Written): string =>
    outcome.kind === 'recovered' ? String(Math.round(outcome.seconds)) : `not run${note(outcome.why)}`;
  return { reasons, note, describe };
}

const listOf = (reasons: readonly string[]) => reasons.map((reason, at) => `${at + 1}. ${reason}`).join('\n');

/** The matrix of one cloud. */
export function renderMatrix(outcomeOf: (cell: Cell) => Written): string {
  const { reasons, note, describe } = takeNotes();
  const part = (cell: Cell) => describe(outcomeOf(cell));
  const entry = (fault: FaultName, system: System): string => {
    const reason = whyNot({ fault, system });
    if (reason !== undefined) return `does not apply${note(reason)}`;
    return `${phases.map((phase) => part({ fault, system, phase })).join(' / ')} s`;
  };
  const rows = faultNames.map((fault) => [fault, ...systems.map((system) => entry(fault, system))]);
  const meant = cells.filter(hasMeaning);
  const count = (kind: Written['kind']) => meant.filter((cell) => outcomeOf(cell).kind === kind).length;
  return [
    intro,
    `${faultNames.length} faults (resets before and after the request was carried out count as two) × ${systems.length} systems × ${phases.length} moments are ${cells.length} cells; in ${cells.length - meant.length} the fault has no meaning for the system, with the reason below; of the ${meant.length} others ${count('recovered')} recovered, ${count('not run')} were not run.`,
    table([['', ...systems], ...rows]),
    listOf(reasons),
  ].join('\n\n');
}

const cloudsHeading = '## One of two clouds';

/** The matrix of the second of two clouds. */
export function renderClouds(outcomeOf: (cell: CloudCell) => Written): string {
  const { reasons, note, describe } = takeNotes();
  const entry = (fault: CloudCell['fault'], system: CloudCell['system']) => {
    const reason = whyNotInCloud({ fault, system });
    if (reason !== undefined) return `does not apply${note(reason)}`;
    return `${cloudPhases.map((phase) => describe(outcomeOf({ fault, system, phase }))).join(' / ')} s`;
  };
  const rows = cloudFaults.map((fault) => [fault, ...cloudSystems.map((system) => entry(fault, system))]);
  const count = (kind: Written['kind']) => cloudCells.filter((cell) => outcomeOf(cell).kind === kind).length;
  return [
    cloudsHeading,
    cloudsIntro,
    `${cloudFaults.length} faults × ${cloudSystems.length} systems × ${cloudPhases.length} moments; ${cloudCells.length} cells have a meaning: ${count('recovered')} recovered, ${count('not run')} were not run.`,
    table([['', ...cloudSystems], ...rows]),
    ...(reasons.length > 0 ? [listOf(reasons)] : []),
  ].join('\n\n');
}

const cloudsIntro = `The same with the second of two clouds that one portal shows, from before the first run / while little happens. Besides what is said above, in every cell:

- what happened in the first cloud meanwhile was shown within 10 s, as its notifications came (in the column RabbitMQ, 2 s), and its figures went on
- the API answered users of the first cloud as always
- nothing of the second cloud was deleted that it still had
- the seconds are those until both clouds are shown`;

const intro = `# Reliability

<!-- Written by \`npm run test:faults\` (test/faults/matrix-*.faults.test.ts). -->

What goes wrong with one system, for 3 min 20 s: from before the first run / while little happens / in the middle of a burst of changes,
which is going when it begins and goes on until it ends; and how many seconds after its end the portal shows the cloud again, with figures of all its servers. In every cell, meanwhile and in the
end:

- the portal ends equal to what the cloud says
- nothing made by hand was touched: it is byte for byte as before
- nothing was deleted whose original the cloud still had at that moment
- no figure was shown that was not true
- nothing secret was printed: passwords, tokens and stack outputs that are known, and private keys,
  are searched for in all logs, answers, traces, metrics and status
- the API answered every request meanwhile, and never with 500`;

const how = `## How it is made

- The whole service (all components in their own loops) against the sandbox, over real HTTP, in a time of its own that stands still while
  anything is on its way and jumps to the next alarm otherwise. The seconds are those of that time: back-offs, intervals (150 s, 15 s) and
  lifetimes of tokens are the real ones, what the machine takes is not in them.
- Exchanges may last 0.2 s there (those with the metric daemon 0.03 s) instead of 60, 20 or 10 s: one that hangs when the fault ends would
  hold things up for as long as that in addition.
- The column RabbitMQ is in real time, against a real broker behind a proxy that resets, holds back or falsifies its connections, for 4 s,
  with full runs 6 s apart in place of 150 s. What was lost is found by the next full run. That the broker's and the service's processes
  are killed (SIGKILL), in the middle of bursts, is in \`test/scenarios/notifications-lost.faults.test.ts\` and \`test/faults/kills.faults.test.ts\`.
- In the column RabbitMQ a fault is what comes nearest to it in AMQP: 401 a changed password, 403 permissions withdrawn, 404 our queue
  deleted over and over, 409 a queue of our name with other properties, 429 one channel and no more for the account, 503 no connection
  for it; lists are the messages.
- In the columns Cinder and Neutron the portal is one that shows volumes and networks (Concertim's main), in the others one of August 2023.
  "Others hidden" is what they do to an account that has lost its role: their lists leave out what is other projects', and what is queried by
  id is not found.
- A list that is false for a system counts as false for all of its lists. In a portal's or a cloud's list there is no telling that a half is
  missing: what is then made twice is put right once the list is whole.
- What goes wrong with the service's own machine has tests of its own: a disk that is full from the start and no file descriptor left in
  \`test/scenarios/full-disk.test.ts\`, a process stopped for five minutes in \`test/faults/stopped.faults.test.ts\`.
- A cell alone: \`npx vitest run -c vitest.faults.config.ts test/faults/matrix -t '404, Nova, steady'\`, or \`-t 'second cloud: 401, Nova, steady'\`.`;

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
