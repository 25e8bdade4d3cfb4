import { Plot } from './plot.tsx';
import { measurer } from './service.ts';

/** The last cycles of the component metrics. */
export function FigureCycles() {
  const process = measurer.value;
  const cycles = process?.history?.cycles ?? [];
  const last = cycles.at(-1);
  const of = (read: (cycle: (typeof cycles)[number]) => number) =>
    cycles.map((cycle) => ({ at: cycle.startedAt, value: read(cycle) }));
  return (
    <section class="card wide" aria-labelledby="cycles-heading">
      <h2 id="cycles-heading">Metrics cycles</h2>
      <p>
        {last
          ? `The last sent ${last.sent} figures of ${last.instances} instances in ${last.ms} ms; ${last.unknown} were unknown, ${last.failed} failed, ${last.left} wait for their turn. The portal has ${last.delivered} of ${last.due} that are due.`
          : 'No cycle has come to an end here.'}
      </p>
      <div class="plots">
        <Plot title="Duration, ms" points={of(({ ms }) => ms)} />
        <Plot title="Instances" points={of(({ instances }) => instances)} />
        <Plot title="Unknown figures" points={of(({ unknown }) => unknown)} />
      </div>
    </section>
  );
}
