import type { FaultName, HttpSystem } from './matrix.ts';

/** What goes wrong with the second of two clouds: it is away, it hangs, it refuses, or it lies. */
export const cloudFaults = [
  'connection refused',
  'time-out',
  '401',
  'empty list',
] as const satisfies readonly FaultName[];
type CloudFault = (typeof cloudFaults)[number];

/** Whom of that cloud it goes wrong with. */
export const cloudSystems = [
  'Keystone',
  'Nova',
  'Heat',
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

export const cloudCells: readonly CloudCell[] = cloudFaults.flatMap((fault) =>
  cloudSystems.flatMap((system) => cloudPhases.map((phase) => ({ fault, system, phase }))),
);

/** As its test is called. */
export function nameOfCloudCell({ fault, system, phase }: CloudCell): string {
  return `second cloud: ${fault}, ${system}, ${phase}`;
}

export function systemsOf(system: Exclude<CloudSystem, 'RabbitMQ'>): readonly HttpSystem[] {
  return system === 'all of its services'
    ? ['Keystone', 'Nova', 'Heat', 'Cinder', 'Neutron', 'Gnocchi']
    : [system];
}
