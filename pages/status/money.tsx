import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { writer } from './service.ts';

/** What the portal's users or teams cost, who has no credits left, and how far usage is recorded; nothing where nothing costs. */
export function Money() {
  const money = writer.value?.money;
  if (!money || (money.cost === null && !money.usage)) return null;
  const { owners, cost, lowCredits, unbilled, usage } = money;
  return (
    <section class="card wide" aria-labelledby="money-heading">
      <h2 id="money-heading">Money</h2>
      <table class="facts">
        <tbody>
          {cost !== null && (
            <tr>
              <th scope="row">Cost this month</th>
              <td>
                {cost.toFixed(2)} <span class="soft">of {owners === 1 ? '1 owner' : `${owners} owners`}</span>
              </td>
            </tr>
          )}
          {lowCredits.map(({ owner, credits }) => (
            <tr key={owner}>
              <th scope="row">
                <StatusMark status="FAILED" /> {owner}
              </th>
              <td>{credits} credits left, which is too few to launch a cluster</td>
            </tr>
          ))}
          {usage && (
            <tr>
              <th scope="row">
                <StatusMark status={usage.left === 0 ? 'ACTIVE' : 'IN_PROGRESS'} /> Usage
              </th>
              <td>
                {usage.left === 0 ? 'all recorded' : `${usage.left} left to be recorded, all recorded`}{' '}
                <Ago at={usage.completeAt} />
              </td>
            </tr>
          )}
          {usage !== null && usage.over > 0 && (
            <tr>
              <th scope="row">
                <StatusMark status="FAILED" /> Recorded too high
              </th>
              <td>{usage.over}, see `billing plan`</td>
            </tr>
          )}
          {unbilled !== null && unbilled >= 0.005 && (
            <tr>
              <th scope="row">
                <StatusMark status="FAILED" /> Billed to nobody
              </th>
              <td>{unbilled.toFixed(2)}, see `billing plan`</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
