import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { Plot } from './plot.tsx';
import { listener, writer } from './service.ts';

/** Whether notifications arrive, how soon, and which changes came without one. */
export function Notifications() {
  const process = listener.value;
  const drift = process?.notifications?.listening ? writer.value?.updates?.lastFull?.drift : undefined;
  return (
    <section class="card" aria-labelledby="notifications-heading">
      <h2 id="notifications-heading">Notifications</h2>
      {process?.notifications ? (
        <Heard {...process.notifications} />
      ) : (
        <p class="soft">No process here listens to notifications: changes show with the next full run.</p>
      )}
      <p>
        {drift === undefined ? (
          <span class="soft">
            {process?.notifications?.listening
              ? 'Drift is known after the second full run.'
              : 'Drift is not known while nothing listens to notifications.'}
          </span>
        ) : drift === 0 ? (
          'No drift: the last full run found no change without a notification.'
        ) : (
          <b>Drift: {drift === 1 ? '1 change' : `${drift} changes`} of the cloud without a notification.</b>
        )}
      </p>
      <Plot
        title="Delivery, ms"
        points={(process?.history?.lags ?? []).map(({ at, ms }) => ({ at, value: ms }))}
      />
    </section>
  );
}

function Heard(props: { listening: boolean; received: number; lastAt: string | null; lagMs: number | null }) {
  const { listening, received, lastAt, lagMs } = props;
  return (
    <p class="heard">
      <StatusMark status={listening ? 'ACTIVE' : 'FAILED'} /> {listening ? 'Listening' : 'NOT listening'};{' '}
      {received} received, the last <Ago at={lastAt} />
      {lagMs !== null && `, delivered after ${Math.round(lagMs)} ms`}.
    </p>
  );
}
