import type { Status } from '../../src/observability/status.ts';
import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { missing, processes, standBys, writer } from './service.ts';

type Component = Status['components'][number];

/** What runs, and which of it writes to the portal. */
export function Processes() {
  return (
    <section class="card" aria-labelledby="processes-heading">
      <h2 id="processes-heading">Components</h2>
      {processes.value.map((process) => (
        <table key={process.pid}>
          <caption>
            Process {process.pid}, version {process.version}, started <Ago at={process.startedAt} />
          </caption>
          <thead class="hidden">
            <tr>
              <th scope="col">Component</th>
              <th scope="col">State</th>
              <th scope="col">Last success</th>
            </tr>
          </thead>
          <tbody>
            {process.components.map((component) => (
              <tr key={component.component}>
                <th scope="row">
                  <StatusMark status={markOf(component, process)} /> {component.component}
                </th>
                <td>{component.status}</td>
                <td class="when">
                  <Ago at={component.lastSuccessAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      {missing.value.map((component) => (
        <p key={component} class="heard">
          <StatusMark status="FAILED" /> <b>{component}</b> does not run here, or does not answer.
        </p>
      ))}
      <p>{writers()}</p>
    </section>
  );
}

/** What is paused, or failed the last time, is not green, though it counts as ready. */
function markOf({ component, ready, starting, failing }: Component, { updates }: Status): string {
  const isPaused = Boolean(updates?.paused) && component.startsWith('updates');
  if (ready) return failing || isPaused ? 'SUSPENDED' : 'ACTIVE';
  return starting ? 'IN_PROGRESS' : 'FAILED';
}

function writers() {
  const process = writer.value;
  if (!process) return 'Nothing here writes to the portal.';
  const others = standBys.value.map(({ pid }) => pid);
  const by =
    others.length > 0 ? ` Process ${others.join(', ')} is on standby.` : ' No other process is on standby.';
  return process.updates?.writer
    ? `Process ${process.pid} writes to the portal.${by}`
    : `Process ${process.pid} is on standby: another one writes to the portal.`;
}
