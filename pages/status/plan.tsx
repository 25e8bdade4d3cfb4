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

function Found({ view: { at, plan, unread } }: { view: PlanView }) {
  const { changes, held, warnings, unknownStates } = plan;
  const isInStep = changes.length + held.length + warnings.length + unread.length === 0;
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
  return (
    <>
      <p>
        <Ago at={at} />: {isInStep ? 'in step, nothing to change.' : `${count}.`}
      </p>
      <ul class="lines">
        {warnings.map((warning) => (
          <li key={warning} class="line-refused">
            {warning}
          </li>
        ))}
        {unread.map((text) => (
          <li key={text} class="line-unreadable">
            not read: {text}
          </li>
        ))}
        {changes.slice(0, 200).map(({ change, name, reason, fields }, index) => (
          <li key={`${index} ${name}`}>
            {change.replace('-', ' ')} <b>{name}</b>: {reason}
            {fields.map(({ field }) => field).length > 0 && (
              <span class="soft"> ({fields.map(({ field }) => field).join(', ')})</span>
            )}
          </li>
        ))}
        {held.map(({ kind, id, name, reason }) => (
          <li key={`${kind} ${id}`}>
            {kind} {name}: left alone, {reason}
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
