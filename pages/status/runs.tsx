import type { RunLine, RunRecord } from '../../src/observability/history.ts';
import { Ago } from './ago.tsx';
import { writer } from './service.ts';

const signs: Readonly<Record<RunLine['kind'], string>> = {
  change: '✓',
  failure: '✗',
  skipped: '–',
  held: '=',
  refused: '!',
  unreadable: '✗',
  drift: '~',
};
/** As many as are shown of a run before one asks for the rest. */
const fewLines = 4;

/** What the last runs changed, refused and failed at. */
export function Runs() {
  const runs = writer.value?.history?.runs ?? [];
  return (
    <section class="card runs" aria-labelledby="runs-heading">
      <h2 id="runs-heading">Last runs</h2>
      {runs.length === 0 ? (
        <p class="soft">No run has had anything to do yet.</p>
      ) : (
        <ol>
          {runs.toReversed().map((run) => (
            <Run key={run.runId} run={run} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Run({ run }: { run: RunRecord }) {
  const { startedAt, scope, ms, changes, lines, more } = run;
  const rest = lines.slice(fewLines);
  return (
    <li>
      <h3>
        <Ago at={startedAt} />{' '}
        <span class="soft">
          {scope}, {changes === 1 ? '1 change' : `${changes} changes`}, {ms} ms
        </span>
      </h3>
      <Lines lines={lines.slice(0, fewLines)} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length + more} more</summary>
          <Lines lines={rest} />
          {more > 0 && <p class="soft">and {more} more, which only the log lists.</p>}
        </details>
      )}
    </li>
  );
}

function Lines({ lines }: { lines: readonly RunLine[] }) {
  return (
    <ul class="lines">
      {lines.map(({ kind, text }) => (
        <li key={`${kind} ${text}`} class={`line-${kind}`}>
          <span aria-hidden="true">{signs[kind]}</span>
          {text}
        </li>
      ))}
    </ul>
  );
}
