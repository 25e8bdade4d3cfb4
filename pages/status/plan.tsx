import { signal } from '@preact/signals';
import type { PlanView } from '../../src/api/status-page/wire.ts';
import { ask } from '../shared/ask.ts';
import { Ago } from './ago.tsx';

const asked = signal<PlanView | undefined>(undefined);
const isAsking = signal(false);

async function look(): Promise<void> {
  if (isAsking.peek()) return;
  isAsking.value = true;
  asked.value = (await ask<PlanView>('./plan')) ?? asked.peek();
  isAsking.value = false;
}

/** What a run would change now. It is looked at only when somebody asks: it costs the cloud as much as a full run. */
export function Plan() {
  return (
    <section class="card" aria-labelledby="plan-heading">
      <h2 id="plan-heading">Plan</h2>
      <p>
        <button type="button" class="button" aria-disabled={isAsking.value} onClick={() => void look()}>
          {isAsking.value ? 'Looking…' : 'What would a run change now?'}
        </button>
      </p>
      <div aria-live="polite">
        {asked.value ? (
          <Found view={asked.value} />
        ) : (
          <p class="soft">Reads cloud and portal, as a full run does, and changes nothing.</p>
        )}
      </div>
    </section>
  );
}

/** As many lines as a person reads; the command shows all. */
const mostLines = 200;

function Found({ view: { at, plan } }: { view: PlanView }) {
  const { changes, held, warnings, unread, unknownStates, inStep, totals } = plan;
  return (
    <>
      <p>
        <Ago at={at} />:{' '}
        {inStep
          ? 'in step, nothing to change.'
          : `${totals.create} to create, ${totals.change + totals.replace} to change, ${totals.delete} to delete, ${totals.held} held.`}
      </p>
      <ul class="lines">
        {warnings.map((warning) => (
          <li key={warning} class="line-refused">
            {warning}
          </li>
        ))}
        {unread.map(({ object, id, name, problem }) => (
          <li key={`${object} ${id}`} class="line-unreadable">
            {object} {name} cannot be read: {problem}
          </li>
        ))}
        {changes.slice(0, mostLines).map((each, index) => (
          <li key={`${index} ${each.name}`}>
            {each.change.replace('-', ' ')} <b>{each.name}</b>
            <Where subject={each} />: {each.reason}
            {each.fields.length > 0 && (
              <span class="soft"> ({each.fields.map(({ field }) => field).join(', ')})</span>
            )}
          </li>
        ))}
        {changes.length > mostLines && (
          <li class="soft">
            {changes.length - mostLines} more changes: concertim-openstack-service plan --all shows them
          </li>
        )}
        {held.map((each) => (
          <li key={`${each.object} ${each.id}`}>
            {each.object} <b>{each.name}</b>
            <Where subject={each} />: kept, {each.reason}
          </li>
        ))}
        {unknownStates.map(({ id, state }) => (
          <li key={id}>
            {id}: unknown state {state}
          </li>
        ))}
      </ul>
    </>
  );
}

/** In whose rack an object stands. */
function Where({ subject: { object, rack, owner } }: { subject: PlanView['plan']['held'][number] }) {
  const places = [
    ...(object === 'device' && rack !== null ? [`in rack ${rack}`] : []),
    ...(owner === null ? [] : [`of ${owner}`]),
  ];
  return places.length === 0 ? null : <span class="soft"> {places.join(' ')}</span>;
}
