import type { Session } from '../../src/concertim/session.ts';
import type { Flavor, Server } from '../../src/sandbox/cloud/compute.ts';
import { type Stack, treeOf } from '../../src/sandbox/cloud/stack.ts';
import { seconds } from '../../src/sandbox/openstack/times.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

type Id = string | number;

/** A value as Python prints it: the service sent that text for every value that is no text. */
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

/** What it reads of the portal's rows. */
interface Row {
  readonly id: Id;
  readonly tag?: string;
  readonly foreign_id?: string;
  readonly height: number;
  readonly project_id?: string;
  readonly name: string;
  readonly status: string;
  readonly u_height: number;
  readonly creation_output: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly location: { readonly rack_id: Id; readonly start_u: number; readonly end_u: number };
}

type Kind = 'Instance' | 'Volume' | 'Network';

/** What a device shows of an object of the cloud. */
interface Shown {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string | null;
  readonly createdAt: number;
  /** The flavor's id, or the tag of a template. */
  readonly template: string;
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * The Python service of 2024 on a portal with kinds, after what is known of its rules: every value of a device is a text, instances
 * and volumes stand from the bottom of a rack, networks from its top, a stack without an order has the order `None`. It knows racks,
 * devices and templates by the ids in them. The last one said too when each was made and what a stack's outputs call the type of
 * its cluster; older portals drop that.
 */
export class ServiceOf2024 {
  readonly #portal: Session;
  readonly #sandbox: Sandbox;
  readonly #templates = new Map<string, { readonly id: Id; readonly height: number }>();
  #written: string[] = [];

  constructor(portal: Session, sandbox: Sandbox) {
    this.#portal = portal;
    this.#sandbox = sandbox;
  }

  async addTemplates(): Promise<void> {
    const present = await this.#list('templates');
    for (const template of present) {
      const key = template.tag ?? template.foreign_id;
      if (key) this.#templates.set(key, template);
    }
    for (const flavor of this.#sandbox.cloud.compute.flavors.values()) {
      const { id, name, vcpus, ram, disk } = flavor;
      if (this.#templates.has(id)) continue;
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
    await this.#createRack(stack, order);
    await this.#addDevices(stack, await this.#list('devices'));
  }

  /**
   * One pass over all stacks that users of the portal have made: what it does not know by its id is created, what it knows and does
   * not see is deleted. Of several racks of a stack it sees the first.
   *
   * @returns what it created and deleted, such as `POST racks cluster-0`
   */
  async sync(): Promise<string[]> {
    this.#written = [];
    await this.addTemplates();
    const racks = await this.#list('racks');
    const stacks = [...this.#sandbox.cloud.orchestration.stacks()].filter(
      ({ parent, owner }) => !parent && owner.includes('CM_'),
    );
    const seen = new Set<Id>();
    for (const stack of stacks) {
      const rack = racks.find(({ metadata }) => metadata['openstack_stack_id'] === stack.id);
      if (rack) seen.add(rack.id);
      if (!rack) await this.#createRack(stack, null);
      else if (rack.creation_output !== outputsOf(this.#sandbox, stack)) await this.#update(rack, stack);
    }
    for (const { id, name } of racks) if (!seen.has(id)) await this.#delete('racks', id, name);

    const devices = await this.#list('devices');
    const objects = new Set<string>();
    for (const stack of stacks) for (const { id } of await this.#addDevices(stack, devices)) objects.add(id);
    for (const { id, name, metadata } of devices) {
      if (!objects.has(metadata['openstack_instance_id'] ?? '')) await this.#delete('devices', id, name);
    }
    return this.#written;
  }

  async #createRack(stack: Stack, order: string | null): Promise<void> {
    const [team] = (await this.#list('teams')).filter((row) => row.project_id === stack.projectId);
    const outputs = this.#sandbox.cloud.orchestration.outputs(stack);
    await this.#post('racks', {
      rack: {
        ...this.#rackOf(stack),
        team_id: team?.id,
        name: nameOf2024(stack.name),
        u_height: '42',
        order_id: python(order),
        cloud_created_at: seconds(stack.createdAt),
        cluster_type_name: outputs.find(({ key }) => key === 'concertim_cluster_type')?.value,
      },
    });
  }

  /** The name stays as it was read. */
  async #update(rack: Row, stack: Stack): Promise<void> {
    const path = `/api/v1/racks/${rack.id}`;
    const body = { rack: { ...this.#rackOf(stack), name: rack.name, u_height: String(rack.u_height) } };
    await this.#portal.request({ method: 'PATCH', path, route: path, body });
  }

  /** The id of the owner is that of the team's project, by which a new server finds its rack. */
  #rackOf(stack: Stack) {
    return {
      status: 'ACTIVE',
      network_details: '{}',
      creation_output: outputsOf(this.#sandbox, stack),
      metadata: {
        openstack_stack_id: stack.id,
        openstack_stack_owner: stack.owner,
        openstack_stack_owner_id: stack.projectId,
        stack_status_reason: 'Stack CREATE completed successfully',
      },
    };
  }

  /** @returns all that the stack is made of, of which those without a device got one */
  async #addDevices(stack: Stack, devices: readonly Row[]): Promise<readonly Shown[]> {
    const objects = this.#objectsOf(stack);
    const known = new Set(devices.map(({ metadata }) => metadata['openstack_instance_id']));
    const lacking = objects.filter(({ id }) => !known.has(id));
    if (lacking.length === 0) return objects;
    const racks = await this.#list('racks');
    const ofStack = racks.filter(({ metadata }) => metadata['openstack_stack_id'] === stack.id);
    const [rack] = ofStack;
    const ofProject = ofStack.find(({ metadata }) => {
      const project = metadata['openstack_stack_owner_id'];
      if (project === undefined) throw new TypeError("KeyError: 'project_cloud_id'");
      return project === stack.projectId;
    });
    const taken = new Set<number>();
    for (const { location } of devices) {
      if (location.rack_id !== rack?.id) continue;
      for (let unit = location.start_u; unit <= location.end_u; unit++) taken.add(unit);
    }
    for (const object of lacking) {
      const into = object.kind === 'Instance' ? ofProject : rack;
      // It says so in its log, and goes on.
      if (into) await this.#addDevice(object, stack, { rack: into, taken });
    }
    return objects;
  }

  async #addDevice(
    { kind, id, name, createdAt, template: tag, values }: Shown,
    stack: Stack,
    { rack, taken }: { rack: Row; taken: Set<number> },
  ): Promise<void> {
    const template = this.#templates.get(tag);
    if (!template) throw new Error(`no template for ${tag}`);
    const units = Array.from({ length: rack.u_height - template.height + 1 }, (_, at) => at + 1);
    const start = (kind === 'Network' ? units.reverse() : units).find((first) =>
      Array.from({ length: template.height }, (_, at) => first + at).every((unit) => !taken.has(unit)),
    );
    if (start === undefined) throw new Error(`no room in ${rack.name}`);
    for (let unit = start; unit < start + template.height; unit++) taken.add(unit);
    await this.#post('nodes', {
      template_id: template.id,
      device: {
        name: nameOf2024(name ?? ''),
        type: kind,
        description: `${kind} from Openstack`,
        status: 'ACTIVE',
        location: { rack_id: rack.id, start_u: start, facing: 'f' },
        metadata: { openstack_instance_id: id, openstack_stack_id: stack.id },
        cloud_created_at: seconds(createdAt),
        details: {
          type: `Device::${kind === 'Instance' ? 'Compute' : kind}Details`,
          ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, python(value)])),
        },
      },
    });
  }

  #objectsOf(stack: Stack): Shown[] {
    const { blockStorage, networking, orchestration } = this.#sandbox.cloud;
    const shown: Shown[] = orchestration.serversOf(stack).map((server) => ({
      ...pick(server),
      kind: 'Instance',
      template: server.flavor.id,
      values: addressesOf(server),
    }));
    for (const { type, physicalId } of treeOf(stack).flatMap(({ resources }) => resources)) {
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
        shown.push({ ...pick(volume), kind: 'Volume', template: 'volume', values });
      }
      if (network) {
        const { adminStateUp, isShared: shared } = network;
        // It asked Neutron for fields that not every one has.
        const values = { admin_state_up: adminStateUp, shared, l2_adjacency: null, mtu: null };
        shown.push({ ...pick(network), kind: 'Network', template: 'network', values });
      }
    }
    return shown;
  }

  async #list(collection: string): Promise<Row[]> {
    const path = `/api/v1/${collection}`;
    const { text } = await this.#portal.request({ method: 'GET', path, route: path });
    return JSON.parse(text) as Row[];
  }

  async #post(collection: string, body: object): Promise<Id> {
    const path = `/api/v1/${collection}`;
    const { text } = await this.#portal.request({ method: 'POST', path, route: path, body });
    const { id, name } = JSON.parse(text) as Row;
    this.#written.push(`POST ${collection} ${name}`);
    return id;
  }

  async #delete(collection: string, id: Id, name: string): Promise<void> {
    const path = `/api/v1/${collection}/${id}?recurse=true`;
    await this.#portal.request({ method: 'DELETE', path, route: `/api/v1/${collection}/{id}` });
    this.#written.push(`DELETE ${collection} ${name}`);
  }
}

/** As Python prints the pairs of a dictionary. */
function outputsOf({ cloud }: Sandbox, stack: Stack): string {
  return cloud.orchestration
    .outputs(stack)
    .map(({ key, value }) => `${key}={'output_key': '${key}', 'output_value': '${String(value)}'}`)
    .join(', ');
}

function pick({ id, name, createdAt }: Pick<Shown, 'id' | 'name' | 'createdAt'>) {
  return { id, name, createdAt };
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
