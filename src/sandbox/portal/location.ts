import { asInteger, type JsonObject, numericality, scalar } from './attributes.ts';
import { blank, Complaints, notIncluded, said } from './complaints.ts';
import { type DeviceRow, type Portal, type RackRow, type TemplateRow, topUnit } from './portal.ts';
import { crash } from './refusal.ts';

export type Place = Pick<DeviceRow, 'rack_id' | 'start_u' | 'end_u' | 'facing'>;

/**
 * What the portal finds wrong with a place. Templates are as deep as the rack, so front and back are one; of the units
 * that a device would cover, only the lowest is tested for another device.
 *
 * @throws {Refusal} 500 for a unit in a rack that does not exist
 */
export function placeComplaints(
  portal: Portal,
  options: {
    readonly sent: JsonObject;
    readonly rack: RackRow | undefined;
    readonly template: TemplateRow;
    readonly facing: unknown;
    /** The device that is to move; undefined when there is none yet. */
    readonly device: DeviceRow | undefined;
  },
): { complaints: Complaints; place: Place } {
  const { sent, rack, template, facing, device } = options;
  const start = scalar(sent, 'start_u');
  const startU = asInteger(start);
  const endU = startU === null ? null : topUnit(startU, template);
  if (!rack && startU !== null) throw crash();
  const complaints = new Complaints();
  if (!rack) complaints.add('rack', blank, blank);
  complaints.add('start_u', ...numericality(start, { integer: true, greaterThan: 0 }));
  complaints.add('end_u', ...numericality(endU, { integer: true, greaterThan: 0 }));
  if (rack && startU !== null && endU !== null) {
    if (startU < 1 || startU > rack.u_height)
      complaints.add('start_u', said('is invalid'), said('is invalid'));
    else if (isFacing(facing) && isOccupied(portal, rack, startU, device)) {
      complaints.add('start_u', said('is occupied'));
    }
    if (endU > rack.u_height) complaints.add('end_u', said('is invalid'));
  }
  if (!isFacing(facing)) {
    complaints.add('facing', notIncluded(facing, "must be either 'b' or 'f'", { permitted: ['b', 'f'] }));
  }
  if (!rack && portal.rules.ids === 'integer')
    complaints.add('rack_id', ...numericality(scalar(sent, 'rack_id'), {}));
  return {
    complaints,
    place: {
      rack_id: rack?.id ?? null,
      start_u: startU ?? 0,
      end_u: endU ?? 0,
      facing: facing === 'b' ? 'b' : 'f',
    },
  };
}

function isFacing(value: unknown): value is 'f' | 'b' {
  return value === 'f' || value === 'b';
}

function isOccupied(portal: Portal, rack: RackRow, unit: number, self: DeviceRow | undefined): boolean {
  return portal
    .devicesIn(rack.id)
    .some((device) => device.id !== self?.id && device.start_u <= unit && unit <= device.end_u);
}
