import { computed, signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isUnknown } from '../../shared/live.ts';
import { px } from '../../shared/px.ts';
import { clearFilter, found, isFiltered } from '../filter.ts';
import { chosen } from '../metrics.ts';
import { device, heightOf } from '../portal.ts';
import { selected } from '../selection.ts';
import { type Density, density, layOut, type Room, type Row } from './layout.ts';
import { Rack } from './rack.tsx';
import { current, goTo, neighbour, type Place } from './walk.ts';

/** Rows that are that near to what is seen are drawn too, px. */
const beyond = 600;
/** What is drawn is thought over that often, px: not in every frame. */
const step = 160;
/** Below the last row, px, as sandbox.css has it. */
const below = 16;

const room = signal<Room>({ width: 0, height: 0 });
const scrolled = signal(0);

const layout = computed(() => {
  const racks = found.value.order.flatMap(({ user, racks }) =>
    racks.map((id) => ({ id, user, height: heightOf(id) })),
  );
  return layOut(racks, room.value, density.value);
});

/** Only these are in the document; the row with the focus stays, wherever it is. */
const drawn = computed<readonly Row[]>(() => {
  const from = scrolled.value - beyond;
  const to = scrolled.value + room.value.height + beyond;
  const kept = current.value?.rackId;
  return layout.value.rows.filter(
    ({ top, height, racks }) => (top + height > from && top < to) || racks.some(({ id }) => id === kept),
  );
});

function rowOf(rackId: number | undefined): Row | undefined {
  return layout.peek().rows.find(({ racks }) => racks.some(({ id }) => id === rackId));
}

/** All racks, in rows: as many as there are, and no more drawn than are seen. */
export function RackGrid() {
  const box = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  /** Where a key has led, until the focus is there. */
  const target = useRef<Place>(undefined);

  useLayoutEffect(() => {
    const element = box.current;
    const inside = rows.current;
    if (!element || !inside) return undefined;
    const measure = () => {
      room.value = { width: inside.clientWidth, height: element.clientHeight - below };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  const place = current.value;
  useEffect(() => {
    // What the focus itself has reached before may be drawn only now.
    if (!place || place !== target.current || !box.current) return;
    target.current = undefined;
    const { rackId, deviceId } = place;
    const row = rowOf(rackId);
    if (deviceId === undefined && row) box.current.scrollTop = row.top;
    const name = deviceId === undefined ? `[data-rack="${rackId}"]` : `[data-device="${deviceId}"]`;
    const element = box.current.querySelector<HTMLElement>(name);
    element?.focus({ preventScroll: deviceId === undefined });
    element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [place]);

  // What is selected elsewhere, by a link or in the cloud, is brought into view.
  useEffect(() => {
    const selection = selected.value;
    const element = box.current;
    if (!selection || !element) return;
    const row = rowOf(selection.kind === 'rack' ? selection.id : device(selection.id)?.rackId);
    const isSeen =
      row && row.top < element.scrollTop + element.clientHeight && row.top + row.height > element.scrollTop;
    if (row && !isSeen) element.scrollTop = row.top;
  }, [selected.value, room.value.height > 0]);

  const onKeyDown = (event: KeyboardEvent) => {
    const next = place && neighbour(place, event.key);
    if (!next) return;
    event.preventDefault();
    target.current = next;
    goTo(next);
  };
  const onFocusIn = ({ target }: FocusEvent) => {
    const { rack, device } = (target as HTMLElement).dataset;
    const rackId =
      rack ??
      (target as HTMLElement).closest('.rack')?.querySelector<HTMLElement>('[data-rack]')?.dataset['rack'];
    if (rackId !== undefined)
      goTo({ rackId: Number(rackId), deviceId: device === undefined ? undefined : Number(device) });
  };

  const { rows: all, height, density: drawnAs } = layout.value;
  return (
    <div
      class={`racks ${density.value.name} ${chosen.value.units === '%' ? 'percent' : ''}`}
      style={{ '--unit': px(drawnAs.unit) }}
      ref={box}
      onScroll={({ currentTarget }) => {
        scrolled.value = Math.floor(currentTarget.scrollTop / step) * step;
      }}
      onKeyDown={onKeyDown}
      onFocusIn={onFocusIn}
    >
      {all.length === 0 && <Empty />}
      <div class="rows" ref={rows} style={{ height: px(height) }}>
        {drawn.value.map((row) => (
          <RackRow key={row.racks[0]?.id} row={row} density={drawnAs} />
        ))}
      </div>
    </div>
  );
}

/** Why no rack is seen. */
function Empty() {
  if (isFiltered.value) {
    return (
      <p class="empty">
        No rack or device matches.{' '}
        <button type="button" class="button" onClick={clearFilter}>
          Show all
        </button>
      </p>
    );
  }
  return (
    <p class="empty">
      {isUnknown.value
        ? 'Loading racks…'
        : 'No racks yet: each stack of the cloud becomes one as soon as the service has seen it.'}
    </p>
  );
}

function RackRow({ row, density }: { row: Row; density: Density }) {
  return (
    <div class="row" style={{ top: px(row.top), height: px(row.height) }}>
      {row.captions.map(({ user, left, width }) => (
        <h3 key={user.id} class="caption" style={{ left: px(left), width: px(width) }}>
          {user.login}
        </h3>
      ))}
      {row.racks.map(({ id, login, left }) => (
        <Rack key={id} id={id} login={login} left={left} density={density} />
      ))}
    </div>
  );
}
