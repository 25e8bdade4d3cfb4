import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { Plot } from './plot.tsx';
import { listener, writer } from './service.ts';

/** Whether changes are heard of, how soon, and what was not. */
export function Notifications() {
  const process = listener.value;
  const drift = writer.value?.updates?.lastFull?.drift;
  return (
    <section class="card" aria-labelledby="notifications-heading">
      <h2 id="notifications-heading">Notifications</h2>
      {process?.notifications ? (
        <Heard {...process.notifications} />
      ) : (
        <p class="soft">None are listened to here.</p>
      )}
      <p>
        {drift === undefined ? (
          <span class="soft">Drift is known after the second full run.</span>
        ) : drift === 0 ? (
          'No drift: the last full run found nothing that had not been announced.'
        ) : (
          <b>
            Drift: {drift === 1 ? '1 change' : `${drift} changes`} of the cloud that nothing had announced.
          </b>
        )}
      </p>
      <Plot
        title="On their way, ms"
        points={(process?.history?.lags ?? []).map(({ at, ms }) => ({ at, value: ms }))}
      />
    </section>
  );
}

function Heard(props: { listening: boolean; received: number; lastAt: string | null; lagMs: number | null }) {
  const { listening, received, lastAt, lagMs } = props;
  return (
    <p class="heard">
      <StatusMark status={listening ? 'ACTIVE' : 'FAILED'} /> {listening ? 'Listened to' : 'NOT listened to'};{' '}
      {received} received, the last <Ago at={lastAt} />
      {lagMs !== null && `, ${Math.round(lagMs)} ms on its way`}.
    </p>
  );
}
