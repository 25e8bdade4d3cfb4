import { type FaultName, type HttpSystem, whyNot } from './matrix.ts';

/** What goes wrong with the second of two clouds: it is away, it hangs, it refuses, or it lies. */
export const cloudFaults = [
  'connection refused',
  'time-out',
  '401',
  '500',
  '503',
  'truncated JSON',
  'wrong types',
  'empty list',
  'half a list',
  'slow loris',
] as const satisfies readonly FaultName[];
type CloudFault = (typeof cloudFaults)[number];

/** Whom of that cloud it goes wrong with. */
export const cloudSystems = [
  'Keystone',
  'Nova',
  'Heat',
  'Cinder',
  'Neutron',
  'Gnocchi',
  'all of its services',
  'RabbitMQ',
] as const;
type CloudSystem = (typeof cloudSystems)[number];

/** When: before the first run and later. */
export const cloudPhases = ['first run', 'steady'] as const;
type CloudPhase = (typeof cloudPhases)[number];

export interface CloudCell {
  readonly fault: CloudFault;
  readonly system: CloudSystem;
  readonly phase: CloudPhase;
}

/** Why a fault has no meaning for a system; undefined where it has one. */
export function whyNotInCloud({ fault, system }: Pick<CloudCell, 'fault' | 'system'>): string | undefined {
  return system === 'all of its services' ? undefined : whyNot({ fault, system });
}

export const cloudCells: readonly CloudCell[] = cloudFaults
  .flatMap((fault) =>
    cloudSystems.flatMap((system) => cloudPhases.map((phase) => ({ fault, system, phase }))),
  )
  .filter((cell) => whyNotInCloud(cell) === undefined);

/** As its test is called. */
export function nameOfCloudCell({ fault, system, phase }: CloudCell): string {
  return `second cloud: ${fault}, ${system}, ${phase}`;
}

export function systemsOf(system: Exclude<CloudSystem, 'RabbitMQ'>): readonly HttpSystem[] {
  return system === 'all of its services'
    ? ['Keystone', 'Nova', 'Heat', 'Cinder', 'Neutron', 'Gnocchi']
    : [system];
}
