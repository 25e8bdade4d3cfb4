import type { Session } from '../../src/concertim/session.ts';
import type { Flavor, Server } from '../../src/sandbox/cloud/compute.ts';
import { type Stack, treeOf } from '../../src/sandbox/cloud/stack.ts';
import { seconds } from '../../src/sandbox/openstack/times.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

type Id = string | number;

/** Python's text of a value: it was sent for everything that is none. */
function python(value: string | number | boolean | null): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

/** A device's and a rack's name: of a dot or an underscore a dash. */
function nameOf2024(name: string): string {
  return name.replaceAll(/[._]/g, '-');
}

/** In units: others than ours at 3 and at 5 virtual processors. */
export function heightOf2024({ vcpus }: Pick<Flavor, 'vcpus'>): number {
  return Math.min(Math.floor(vcpus / 2) + 1, 4);
}

/**
 * What the Python service of 2024 wrote to a portal with kinds, as it wrote it: every value of a device as a text, instances and
 * volumes from the bottom of a rack, networks from its top, for a stack without an order the order `None`. The last one said
 * too when each was made and what a stack's outputs call the type of its cluster; older portals drop that.
 */
export class ServiceOf2024 {
  readonly #portal: Session;
  readonly #sandbox: Sandbox;
  readonly #templates = new Map<string, { readonly id: Id; readonly height: number }>();

  constructor(portal: Session, sandbox: Sandbox) {
    this.#portal = portal;
    this.#sandbox = sandbox;
  }

  async addTemplates(): Promise<void> {
    for (const template of await this.#list('templates'))
      if (template.tag) this.#templates.set(template.tag, template);
    for (const flavor of this.#sandbox.cloud.compute.flavors.values()) {
      const { id, name, vcpus, ram, disk } = flavor;
      const height = heightOf2024(flavor);
      const template = {
        name,
        description: 'Flavor from Openstack',
        foreign_id: id,
        height: python(height),
        vcpus: python(vcpus),
        ram: python(ram),
        disk: python(disk),
      };
      this.#templates.set(id, { id: await this.#post('templates', { template }), height });
    }
  }

  /** A rack with all that the stack is made of. */
  async addRack(stack: Stack, order: string | null): Promise<void> {
    const { id, name, projectId, ownerId, createdAt } = stack;
    const outputs = this.#sandbox.cloud.orchestration.outputs(stack);
    const [team] = (await this.#list('teams')).filter((row) => row.project_id === projectId);
    const rack = {
      team_id: team?.id,
      name: nameOf2024(name),
      u_height: '42',
      status: 'ACTIVE',
      network_details: '{}',
      creation_output: "answer={'output_key': 'answer', 'output_value': '42'}",
      order_id: python(order),
      cloud_created_at: seconds(createdAt),
      cluster_type_name: outputs.find(({ key }) => key === 'concertim_cluster_type')?.value,
      metadata: {
        openstack_stack_id: id,
        openstack_stack_owner: 'CM_user1',
        openstack_stack_owner_id: ownerId,
        stack_status_reason: 'Stack CREATE completed successfully',
      },
    };
    const rackId = await this.#post('racks', { rack });
    await this.#addDevices(stack, rackId);
  }

  async #addDevices(stack: Stack, rackId: Id): Promise<void> {
    const { blockStorage, networking, orchestration } = this.#sandbox.cloud;
    const resources = treeOf(stack).flatMap((each) => each.resources);
    let bottom = 1;
    let top = 42;
    const add = async (
      { type, details, tag }: { type: string; details: string; tag: string },
      object: { readonly id: string; readonly name: string | null; readonly createdAt: number },
      values: Readonly<Record<string, string | number | boolean | null>>,
    ) => {
      const template = this.#templates.get(tag);
      if (!template) throw new Error(`no template for ${tag}`);
      const startU = type === 'Network' ? top : bottom;
      if (type === 'Network') top -= template.height;
      else bottom += template.height;
      const device = {
        name: nameOf2024(object.name ?? ''),
        type,
        description: `${type} from Openstack`,
        status: 'ACTIVE',
        location: { rack_id: rackId, start_u: startU, facing: 'f' },
        metadata: { openstack_instance_id: object.id, openstack_stack_id: stack.id },
        cloud_created_at: seconds(object.createdAt),
        details: {
          type: `Device::${details}Details`,
          ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, python(value)])),
        },
      };
      await this.#post('nodes', { template_id: template.id, device });
    };
    for (const server of orchestration.serversOf(stack)) {
      await add({ type: 'Instance', details: 'Compute', tag: server.flavor.id }, server, addressesOf(server));
    }
    for (const { type, physicalId } of resources) {
      const volume = type === 'OS::Cinder::Volume' ? blockStorage.volume(physicalId) : undefined;
      const network = type === 'OS::Neutron::Net' ? networking.networks.get(physicalId) : undefined;
      if (volume) {
        const { availabilityZone, bootable, encrypted, size, volumeType } = volume;
        const values = {
          availability_zone: availabilityZone,
          bootable,
          encrypted,
          size,
          volume_type: volumeType,
        };
        await add({ type: 'Volume', details: 'Volume', tag: 'volume' }, volume, values);
      }
      if (network) {
        const { adminStateUp, isShared: shared } = network;
        // It asked Neutron for fields that not every one has.
        const values = { admin_state_up: adminStateUp, shared, l2_adjacency: null, mtu: null };
        await add({ type: 'Network', details: 'Network', tag: 'network' }, network, values);
      }
    }
  }

  async #list(collection: string) {
    const path = `/api/v1/${collection}`;
    const { text } = await this.#portal.request({ method: 'GET', path, route: path });
    return JSON.parse(text) as { id: Id; tag?: string; height: number; project_id?: string }[];
  }

  async #post(collection: string, body: object): Promise<Id> {
    const path = `/api/v1/${collection}`;
    const { text } = await this.#portal.request({ method: 'POST', path, route: path, body });
    return (JSON.parse(text) as { id: Id }).id;
  }
}

function addressesOf({ addresses }: Server) {
  const ofType = (wanted: string) =>
    addresses.filter(({ type }) => type === wanted).map(({ network, address }) => `${network}:${address}`);
  return {
    public_ips: ofType('floating').join(', '),
    private_ips: ofType('fixed').join(', '),
    ssh_key: null,
    login_user: null,
    volume_details: '[]',
  };
}
