import { Plot } from './plot.tsx';
import { measurer } from './service.ts';

/** The last cycles of the component metrics. */
export function FigureCycles() {
  const process = measurer.value;
  const cycles = process?.history?.cycles ?? [];
  const last = cycles.at(-1);
  const missing = Object.entries(process?.metrics?.reasons ?? {}).toSorted(([, a], [, b]) => b - a);
  const of = (read: (cycle: (typeof cycles)[number]) => number) =>
    cycles.map((cycle) => ({ at: cycle.startedAt, value: read(cycle) }));
  return (
    <section class="card wide" aria-labelledby="cycles-heading">
      <h2 id="cycles-heading">Metrics cycles</h2>
      <p>
        {last
          ? `The last cycle sent ${last.sent} figures of ${last.instances} instances in ${last.ms} ms; ${last.unknown} were unknown, ${last.failed} failed, ${last.left} wait for the next cycle. The portal has ${last.delivered} of the ${last.due} that it should have.`
          : 'No cycle has ended here yet.'}
      </p>
      {missing.length > 0 && (
        <p>
          Missing figures by reason:{' '}
          {missing.map(([because, count]) => `${count} ${plain(because)}`).join(', ')}.{' '}
          <a href="./docs/telemetry.html#why-is-a-figure-what-it-is-or-not-there">
            What each means, and what to set
          </a>
        </p>
      )}
      <div class="plots">
        <Plot title="Duration, ms" points={of(({ ms }) => ms)} />
        <Plot title="Instances" points={of(({ instances }) => instances)} />
        <Plot title="Unknown figures" points={of(({ unknown }) => unknown)} />
      </div>
    </section>
  );
}

/** A reason's code in words: `part-late` is part late. */
function plain(because: string): string {
  return because.replaceAll('-', ' ');
}
