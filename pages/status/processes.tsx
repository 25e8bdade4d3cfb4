import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { missing, processes, standBys, writer } from './service.ts';

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
            {process.components.map(({ component, ready, starting, status, lastSuccessAt }) => (
              <tr key={component}>
                <th scope="row">
                  <StatusMark status={ready ? 'ACTIVE' : starting ? 'IN_PROGRESS' : 'FAILED'} /> {component}
                </th>
                <td>{status}</td>
                <td>
                  <Ago at={lastSuccessAt} />
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
