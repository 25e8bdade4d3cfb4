import { signal } from '@preact/signals';
import type { PlanView } from '../../src/api/status-page/wire.ts';
import { ask } from '../shared/ask.ts';
import { Ago } from './ago.tsx';

const shown = signal<PlanView | undefined>(undefined);
const isAsking = signal(false);
/** The kind of change that the plan is filtered by; undefined: all kinds. */
const chosenKind = signal<string | undefined>(undefined);

async function look(): Promise<void> {
  if (isAsking.peek()) return;
  isAsking.value = true;
  shown.value = (await ask<PlanView>('./plan')) ?? shown.peek();
  isAsking.value = false;
}

/** What a run would change now. It is looked at only when somebody asks: it costs the cloud as much as a full run. */
export function Plan() {
  return (
    <section class="card plan" aria-labelledby="plan-heading">
      <h2 id="plan-heading">Plan</h2>
      <p>
        <button type="button" class="button" aria-disabled={isAsking.value} onClick={() => void look()}>
          {isAsking.value ? 'Looking…' : 'What would a run change now?'}
        </button>
      </p>
      <div aria-live="polite">
        {shown.value ? (
          <Found view={shown.value} />
        ) : (
          <p class="soft">Reads cloud and portal, as a full run does, and changes nothing.</p>
        )}
      </div>
    </section>
  );
}

/** More than that are folded by owner. */
const fewChanges = 10;
/** As many of an owner as a person reads; the command shows all. */
const mostChanges = 200;

type Json = PlanView['plan'];

function Found({ view: { at, plan } }: { view: PlanView }) {
  const { changes, held, foreign, warnings, unread, unknownStates, inStep, totals } = plan;
  const all = [...changes, ...held];
  const kinds = [...new Set(all.map(kindOf))].sort();
  // The new plan may have no changes of the chosen kind.
  const kind = kinds.find((each) => each === chosenKind.value);
  const entries = kind === undefined ? all : all.filter((entry) => kindOf(entry) === kind);
  const byOwner = Map.groupBy(entries, ({ owner }) => owner);
  const isFolded = entries.length > fewChanges;
  return (
    <>
      <p>
        <Ago at={at} />:{' '}
        {inStep
          ? 'in step, nothing to change.'
          : `${totals.create} to create, ${totals.change + totals.replace} to change, ${totals.delete} to delete, ${totals.held} held${totals.refused > 0 ? `; the portal would refuse ${totals.refused} of these changes` : ''}.`}
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
        {unknownStates.map(({ id, state }) => (
          <li key={id}>
            {id}: unknown state {state}
          </li>
        ))}
        {foreign.length > 0 && (
          <li class="line-refused">
            {foreign.length === 1 ? '1 object claims' : `${foreign.length} objects claim`} what is not its
            owner's, left as it is: concertim-openstack-service plan names it
          </li>
        )}
      </ul>
      {kinds.length > 1 && <KindFilter kinds={kinds} chosen={kind} />}
      {[...byOwner].map(([owner, entries]) => (
        <details key={owner} open={!isFolded}>
          <summary>
            {owner === null ? 'For all owners' : `Owner ${owner}`}: {counted(entries)}
          </summary>
          <ul class="lines">
            {entries.slice(0, mostChanges).map((each, index) => (
              <Line key={`${index} ${each.name}`} entry={each} />
            ))}
            {entries.length > mostChanges && (
              <li class="soft">
                {entries.length - mostChanges} more: concertim-openstack-service plan --all shows them
              </li>
            )}
          </ul>
        </details>
      ))}
    </>
  );
}

type Entry = Json['changes'][number] | Json['held'][number];

/** A device is of the kind of what it shows. */
function kindOf({ object, openstackKind }: Entry): string {
  return object === 'device' ? (openstackKind ?? object) : object;
}

function KindFilter({ kinds, chosen }: { kinds: readonly string[]; chosen: string | undefined }) {
  return (
    <p>
      <label>
        Show{' '}
        <select
          class="field"
          value={chosen ?? ''}
          onChange={({ currentTarget }) => {
            chosenKind.value = currentTarget.value || undefined;
          }}
        >
          <option value="">all kinds</option>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {kind}s
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

function counted(entries: readonly Entry[]): string {
  const changes = entries.filter((entry) => 'change' in entry).length;
  const parts = [changes === 1 ? '1 change' : `${changes} changes`];
  if (changes < entries.length) parts.push(`${entries.length - changes} held`);
  return parts.join(', ');
}

function Line({ entry }: { entry: Entry }) {
  const isChange = 'change' in entry;
  const fields = isChange ? entry.fields.map(({ field }) => field) : [];
  return (
    <li>
      {isChange ? entry.change.replace('-', ' ') : `keep ${entry.object}`} <b>{entry.name}</b>
      {entry.object === 'device' && entry.rack !== null && <span class="soft"> in rack {entry.rack}</span>}:{' '}
      {entry.reason}
      {fields.length > 0 && <span class="soft"> ({fields.join(', ')})</span>}
      {isChange && entry.refusal !== null && (
        <span class="line-refused"> The portal would refuse this: {entry.refusal}</span>
      )}
    </li>
  );
}
