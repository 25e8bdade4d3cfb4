import { useState } from 'preact/hooks';
import type { DeviceView } from '../../../src/sandbox/view/wire.ts';

/** What the portal's buttons are, by its own status of the object. */
const tasks: Readonly<Record<'rack' | DeviceView['shows'], Readonly<Record<string, readonly string[]>>>> = {
  server: {
    ACTIVE: ['off', 'suspend', 'destroy'],
    STOPPED: ['on', 'destroy'],
    SUSPENDED: ['resume', 'destroy'],
  },
  volume: { AVAILABLE: ['destroy'], FAILED: ['destroy'] },
  network: { ACTIVE: ['destroy'], STOPPED: ['destroy'], FAILED: ['destroy'] },
  rack: { ACTIVE: ['destroy'], STOPPED: ['destroy'] },
};

const labels: Readonly<Record<string, string>> = {
  on: 'Power on',
  off: 'Power off',
  suspend: 'Suspend',
  resume: 'Resume',
  destroy: 'Destroy',
};

/** The buttons that the real portal has: it asks the service, the service asks the cloud. */
export function Power(props: { kind: keyof typeof tasks; status: string; request: (task: string) => void }) {
  const [isSure, setSure] = useState(false);
  const allowed = tasks[props.kind][props.status] ?? [];
  if (allowed.length === 0) return <p class="soft">The portal has no buttons for this status.</p>;
  return (
    <p class="buttons">
      {allowed.map((task) =>
        task === 'destroy' && !isSure ? (
          <button key={task} type="button" class="button danger" onClick={() => setSure(true)}>
            Destroy…
          </button>
        ) : (
          <button
            key={task}
            type="button"
            class={task === 'destroy' ? 'button danger' : 'button'}
            onClick={() => {
              setSure(false);
              props.request(task);
            }}
          >
            {task === 'destroy' ? 'Really destroy' : labels[task]}
          </button>
        ),
      )}
    </p>
  );
}
