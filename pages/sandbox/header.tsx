import { connection, isUnknown } from '../shared/live.ts';
import { StatusMark, statuses, statusLabel } from '../shared/status-mark.tsx';
import { clearFilter, filter, found, isFiltered } from './filter.ts';
import { amount, chosen, metrics } from './metrics.ts';
import { counts, most } from './portal.ts';
import { chosenDensity, densities, density } from './racks/layout.ts';
import { selected, side } from './selection.ts';
import { lags, median } from './story.ts';

export function Header({ statusPage }: { statusPage: string | null }) {
  const { state } = connection.value;
  return (
    <header class="top">
      <h1>Concertim sandbox</h1>
      <p class="live" title="Whether the page receives changes">
        <StatusMark status={state === 'live' ? 'ACTIVE' : state === 'lost' ? 'FAILED' : 'IN_PROGRESS'} />
        {state}
      </p>
      <Lag />
      <Search />
      {statusPage !== null && (
        <a class="status-link" href={statusPage}>
          Service status
        </a>
      )}
    </header>
  );
}

/** From a change in the cloud until the portal shows it. */
function Lag() {
  const last = lags.value.at(-1);
  const middle = median(lags.value);
  return (
    <p class="lag" title="From a change in the cloud until the portal shows it">
      Cloud → portal{' '}
      {last === undefined ? (
        <span class="soft">{isUnknown.value ? '–' : 'nothing has changed yet'}</span>
      ) : (
        <>
          <b>{Math.round(last)} ms</b>
          <span class="soft"> median {Math.round(middle ?? last)} ms</span>
        </>
      )}
    </p>
  );
}

/** Devices by status, each a filter; what the bars show; how large the racks are. */
export function Toolbar() {
  const { name, units } = chosen.value;
  const full = units === '%' ? '100 %' : amount(most.value[name] ?? 0, units);
  return (
    <div class="toolbar">
      <ul class="legend" aria-label="Devices by status">
        {statuses.map((status) => (
          <li key={status}>
            <StatusFilter status={status} />
          </li>
        ))}
      </ul>
      <label class="metric" title={`A full bar is ${full}`}>
        <span class="hidden">Bars show</span>
        <select
          class="field"
          value={name}
          onChange={({ currentTarget }) => {
            chosen.value = metrics.find((metric) => metric.name === currentTarget.value) ?? chosen.value;
          }}
        >
          {metrics.map((metric) => (
            <option key={metric.name} value={metric.name}>
              {metric.label}, {metric.units}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="button"
        onClick={() => {
          chosenDensity.value = density.value.name === 'large' ? densities.small : densities.large;
        }}
      >
        {density.value.name === 'large' ? 'Smaller' : 'Larger'} <span class="hidden">racks</span>
      </button>
    </div>
  );
}

function StatusFilter({ status }: { status: string }) {
  const isPressed = filter.value.status === status;
  return (
    <button
      type="button"
      class="status-filter"
      aria-pressed={isPressed}
      title={isPressed ? 'Show all devices' : `Show only devices that are ${statusLabel(status)}`}
      onClick={() => {
        filter.value = { ...filter.peek(), status: isPressed ? undefined : status };
      }}
    >
      <StatusMark status={status} /> {statusLabel(status)}{' '}
      <b>{isUnknown.value ? '–' : (counts.value[status] ?? 0)}</b>
    </button>
  );
}

/** Enter selects the first that matches, Escape shows all. */
function Search() {
  const { matches } = found.value;
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        selected.value = matches[0] ?? selected.peek();
      }}
    >
      <label>
        <span class="hidden">Search racks and devices</span>
        <input
          class="field"
          type="search"
          placeholder="Name, owner, kind or id"
          value={filter.value.search}
          onInput={({ currentTarget }) => {
            filter.value = { ...filter.peek(), search: currentTarget.value };
          }}
          onKeyDown={({ key }) => {
            if (key === 'Escape') clearFilter();
          }}
        />
      </label>
      <span class="soft" role="status">
        {isFiltered.value && (matches.length === 1 ? '1 match' : `${matches.length} matches`)}
      </span>
    </form>
  );
}

/** Where there is room for one side only. */
export function Sides() {
  return (
    <nav class="sides" aria-label="Side">
      {(['portal', 'cloud'] as const).map((name) => (
        <button
          key={name}
          type="button"
          class="button"
          aria-pressed={side.value === name}
          onClick={() => {
            side.value = name;
          }}
        >
          {name === 'portal' ? 'Portal' : 'Cloud'}
        </button>
      ))}
    </nav>
  );
}
