import type { DeviceView, Figures } from '../../../src/sandbox/view/wire.ts';
import { px } from '../../shared/px.ts';
import { StatusMark, statusLabel } from '../../shared/status-mark.tsx';
import { isFiltered, isShown } from '../filter.ts';
import { chosen, isIdle, reading } from '../metrics.ts';
import { sharedEnding, shortNames, stackEnding } from '../names.ts';
import { figures, fresh, rackContents } from '../portal.ts';
import { isSelected, selected } from '../selection.ts';
import { type Density, framePadding, rackHeight } from './layout.ts';
import { isCurrent } from './walk.ts';

interface RackProps {
  readonly id: number;
  /** Of its owner. */
  readonly login: string;
  /** Px. */
  readonly left: number;
  readonly density: Density;
}

/** One rack from the front: a unit is as high everywhere, the lowest is U1. */
export function Rack({ id, login, left, density }: RackProps) {
  const contents = rackContents(id);
  if (!contents) return null;
  const { rack, devices } = contents;
  const { rackWidth, unit } = density;
  const height = rackHeight(rack.height, density);
  const endings = new Map(
    [...Map.groupBy(devices, ({ shows }) => shows)].map(([shows, some]) => [
      shows,
      sharedEnding(some.map(({ name }) => name)),
    ]),
  );
  const others = devices.filter(({ shows }) => shows !== 'server');
  const shortened = shortNames(
    others.map(({ name }) => name),
    rack.name,
  );
  const shortOf = new Map(others.map(({ id }, at) => [id, shortened[at]]));
  const label = `Rack ${rack.name}, ${statusLabel(rack.status)}, ${devices.length} devices`;
  return (
    <div
      class="rack"
      role="group"
      aria-label={label}
      style={{ left: px(left), width: px(rackWidth), height: px(height) }}
    >
      <button
        type="button"
        class={isSelected('rack', id) ? 'rack-head selected' : 'rack-head'}
        data-rack={id}
        tabIndex={isCurrent('rack', id) ? 0 : -1}
        title={rack.name}
        onClick={() => {
          selected.value = { kind: 'rack', id };
        }}
      >
        <StatusMark status={rack.status} />
        <Name name={rack.name} ending={stackEnding(rack.name)} />
        <span class="soft">{rack.height} U</span>
        <span class="hidden">
          , {statusLabel(rack.status)}, {devices.length} devices
        </span>
      </button>
      <div class="units" style={{ height: px(rack.height * unit + 2 * framePadding) }}>
        <Scale units={rack.height} unit={unit} />
        {devices.map((device) => (
          <Device
            key={device.id}
            device={device}
            isDimmed={isFiltered.value && !isShown(rack, device, login)}
            figures={figures.get(device.id)}
            rackUnits={rack.height}
            density={density}
            shortName={shortOf.get(device.id) ?? device.name}
            ending={shortOf.has(device.id) ? '' : (endings.get(device.shows) ?? '')}
          />
        ))}
      </div>
    </div>
  );
}

/** Every sixth unit by its number. */
function Scale({ units, unit }: { units: number; unit: number }) {
  const marks = [1];
  for (let u = 6; u <= units; u += 6) marks.push(u);
  return (
    <span class="scale" aria-hidden="true">
      {marks.map((u) => (
        <span key={u} style={{ top: px(framePadding + (units - u) * unit), height: px(unit) }}>
          {u}
        </span>
      ))}
    </span>
  );
}

/** A name; what it has in common with its neighbours only where there is room for all of it. */
function Name({ name, ending }: { name: string; ending: string }) {
  return (
    <span class="name">
      <span>{name.slice(0, name.length - ending.length)}</span>
      {ending !== '' && <span class="soft">{ending}</span>}
    </span>
  );
}

interface DeviceProps {
  readonly device: DeviceView;
  /** The filter matches other devices of the rack, but not this one. */
  readonly isDimmed: boolean;
  readonly figures: Figures | undefined;
  readonly rackUnits: number;
  readonly density: Density;
  /** As it is written in the rack; all of it is said on hover. */
  readonly shortName: string;
  readonly ending: string;
}

/** Drawn again when one of these is another, and for nothing else that is no signal. */
function Device({ device, isDimmed, figures, rackUnits, density, shortName, ending }: DeviceProps) {
  const { id, name, status, startU, endU, shows } = device;
  const { unit } = density;
  const metric = chosen.value;
  // There are figures of servers alone.
  const read = shows === 'server' ? reading(figures, metric, status) : undefined;
  const place = startU === endU ? `U${startU}` : `U${startU} to ${endU}`;
  const figure = shows === 'server' ? `${metric.label} ${read?.text ?? 'not known'}` : shows;
  const label = `${statusLabel(status)}, ${place}, ${figure}`;
  const box = {
    top: px(framePadding + (rackUnits - endU) * unit),
    height: px((endU - startU + 1) * unit - 1),
  };
  const classes = ['device', `device-${status}`, `shows-${shows}`];
  if (isSelected('device', id)) classes.push('selected');
  if (fresh.has(id)) classes.push('fresh');
  if (isDimmed) classes.push('dimmed');
  return (
    <button
      type="button"
      class={classes.join(' ')}
      style={box}
      data-device={id}
      tabIndex={isCurrent('device', id) ? 0 : -1}
      title={`${name}\n${device.template}, ${label}`}
      aria-label={density.name === 'small' ? `${name}, ${label}` : undefined}
      onClick={() => {
        selected.value = { kind: 'device', id };
      }}
    >
      <StatusMark status={status} />
      {density.name === 'large' && (
        <>
          <Name name={shortName} ending={ending} />
          <span class="hidden">, {label}</span>
        </>
      )}
      {read && (
        <span class="bar">
          <span style={{ width: `${read.share * 100}%` }} />
        </span>
      )}
      {density.name === 'large' && <span class="value">{read?.text ?? (isIdle(status) ? '' : '–')}</span>}
    </button>
  );
}
