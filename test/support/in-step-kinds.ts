import type { Network } from '../../src/sandbox/cloud/network.ts';
import { type Stack, treeOf } from '../../src/sandbox/cloud/stack.ts';
import type { DeviceRow, RackRow } from '../../src/sandbox/portal/portal.ts';
import { hasKinds } from '../../src/sandbox/portal/release-rules.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';

/** What of a stack has a device beside its servers: id, name, and the status that the portal should show. */
interface Expected {
  readonly kind: 'Volume' | 'Network';
  readonly id: string;
  readonly name: string;
  /** undefined: a state that the portal knows nothing for. */
  readonly status: string | undefined;
}

/** The volumes and networks of a stack, at any depth, where the portal's release has devices for them. */
export function furtherObjects(
  stack: Stack,
  { cloud }: Pick<SandboxCloud, 'cloud'>,
  { portal }: Pick<Sandbox, 'portal'>,
): Expected[] {
  const { release, rules } = portal;
  if (!hasKinds(rules)) return [];
  return treeOf(stack).flatMap(({ resources }) =>
    resources.flatMap(({ type, physicalId: id }): Expected[] => {
      const volume = type === 'OS::Cinder::Volume' ? cloud.blockStorage.volume(id) : undefined;
      const network = type === 'OS::Neutron::Net' ? cloud.networking.networks.get(id) : undefined;
      if (volume) {
        const { name, status } = volume;
        return [{ kind: 'Volume', id, name: name ?? '', status: volumeStatus(status, release) }];
      }
      return network ? [{ kind: 'Network', id, name: network.name, status: networkStatus(network) }] : [];
    }),
  );
}

/** What is wrong with the devices of one of them. */
export function furtherProblems(
  { kind, name, status }: Expected,
  racks: readonly RackRow[],
  devices: readonly DeviceRow[],
): string[] {
  const [device] = devices;
  if (!device) return [`${kind} ${name} has no device`];
  const wrong: string[] = [];
  const say = (what: string) => wrong.push(`device ${device.name}: ${what}`);
  if (devices.length > 1) say(`one of ${devices.length} of its ${kind}`);
  if (device.kind !== kind) say(`is a ${device.kind}, not a ${kind}`);
  if (!racks.some(({ id }) => id === device.rack_id)) say(`stands in rack ${device.rack_id}`);
  if (status && device.status !== status) say(`is ${device.status}, not ${status}`);
  return wrong;
}

function volumeStatus(status: string, release: string): string | undefined {
  if (status === 'available') return release === '1.2' ? 'STOPPED' : 'AVAILABLE';
  if (status === 'in-use') return 'ACTIVE';
  if (status.startsWith('error')) return 'FAILED';
  return ['creating', 'attaching', 'detaching', 'deleting', 'extending'].includes(status)
    ? 'IN_PROGRESS'
    : undefined;
}

function networkStatus({ status, adminStateUp }: Network): string | undefined {
  if (status === 'BUILD') return 'IN_PROGRESS';
  if (status === 'ERROR') return 'FAILED';
  if (!adminStateUp || status === 'DOWN') return 'STOPPED';
  return status === 'ACTIVE' ? 'ACTIVE' : undefined;
}
