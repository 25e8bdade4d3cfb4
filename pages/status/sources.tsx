import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { processes } from './service.ts';

interface Source {
  readonly service: string;
  readonly cloud: string | null;
  readonly answeredAt: string | null;
  readonly failedAt: string | null;
  readonly failure: string | null;
}

/** The systems that the service sends requests to, and how old their last answers are. */
export function Sources() {
  return (
    <section class="card sources" aria-labelledby="sources-heading">
      <h2 id="sources-heading">Sources</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">Answered</th>
            <th scope="col">Failed</th>
          </tr>
        </thead>
        <tbody>
          {latest().map(({ service, cloud, answeredAt, failedAt, failure }) => {
            const isWell = failedAt === null || (answeredAt !== null && answeredAt >= failedAt);
            return (
              <tr key={`${service} ${cloud ?? ''}`}>
                <th scope="row">
                  <StatusMark status={isWell ? 'ACTIVE' : 'FAILED'} /> {service}
                  {cloud !== null && <span class="soft"> of {cloud}</span>}
                </th>
                <td>
                  <Ago at={answeredAt} />
                </td>
                <td>
                  <Ago at={failedAt} /> {failure !== null && <span class="soft">({failure})</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Of all processes: of each source the answer that is the newest, and the failure. */
function latest(): Source[] {
  const newest = new Map<string, Source>();
  for (const source of processes.value.flatMap(({ sources }) => sources)) {
    const key = keyOf(source);
    const known = newest.get(key);
    const failed = !known || (source.failedAt ?? '') > (known.failedAt ?? '') ? source : known;
    const answered = !known || (source.answeredAt ?? '') > (known.answeredAt ?? '') ? source : known;
    newest.set(key, { ...failed, answeredAt: answered.answeredAt });
  }
  return [...newest.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ service, cloud }: Source): string {
  return `${service} ${cloud ?? ''}`;
}
