import { signal } from '@preact/signals';
import type { DoctorView } from '../../src/api/status-page/wire.ts';
import { ask } from '../shared/ask.ts';
import { StatusMark } from '../shared/status-mark.tsx';
import { Ago } from './ago.tsx';
import { latest } from './service.ts';

const examined = signal<DoctorView | undefined>(undefined);
const isAsking = signal(false);

const marks = { ok: 'ACTIVE', warning: 'SUSPENDED', error: 'FAILED' } as const;
const words = { ok: 'well', warning: 'warning', error: 'error' } as const;

async function examine(): Promise<void> {
  if (isAsking.peek()) return;
  isAsking.value = true;
  examined.value = (await ask<DoctorView>('./doctor')) ?? examined.peek();
  isAsking.value = false;
}

/** All that the service stands on, checked against the live systems when somebody asks. */
export function Doctor() {
  if (latest.value?.hasDoctor === false) return null;
  return (
    <section class="card wide" aria-labelledby="doctor-heading">
      <h2 id="doctor-heading">Doctor</h2>
      <p>
        <button type="button" class="button" aria-disabled={isAsking.value} onClick={() => void examine()}>
          {isAsking.value ? 'Examining…' : 'Examine'}
        </button>
      </p>
      <div aria-live="polite">
        {examined.value ? (
          <Findings view={examined.value} />
        ) : (
          <p class="soft">
            Checks all that the service stands on against the live systems, and changes nothing.
          </p>
        )}
      </div>
    </section>
  );
}

function Findings({ view: { at, findings, unchecked } }: { view: DoctorView }) {
  const rank = { error: 0, warning: 1, ok: 2 };
  const sorted = findings.toSorted((a, b) => rank[a.level] - rank[b.level]);
  const wrong = findings.filter(({ level }) => level !== 'ok').length;
  return (
    <>
      <p>
        <Ago at={at} />:{' '}
        {wrong === 0
          ? `all is well, ${findings.length} checks.`
          : `${wrong} of ${findings.length} checks ${wrong === 1 ? 'needs' : 'need'} attention.`}
      </p>
      <ul class="findings">
        {sorted.map(({ check, level, found, why, repair }) => (
          <li key={`${check} ${found}`}>
            <StatusMark status={marks[level]} />
            <div>
              <b>{check}</b> <span class="soft">{words[level]}</span>
              <p>{found}</p>
              {why !== undefined && <p class="soft">{why}</p>}
              {repair !== undefined && (
                <p>
                  {level === 'ok' ? 'Better' : 'Repair'}: {repair}
                </p>
              )}
            </div>
          </li>
        ))}
        {unchecked.map(({ check, because }) => (
          <li key={check}>
            <StatusMark status="unknown" />
            <div>
              <b>{check}</b> <span class="soft">not checked: {because}</span>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
