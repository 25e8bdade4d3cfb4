import { ConcertimError } from '../../src/concertim/errors.ts';
import type { Session } from '../../src/concertim/session.ts';
import type { Flavor, Server } from '../../src/sandbox/cloud/compute.ts';
import { type Stack, statusOf } from '../../src/sandbox/cloud/stack.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

type Id = string | number;

/** What it reads of the portal's rows. */
interface Row {
  readonly id: Id;
  readonly login: string;
  readonly cloud_user_id?: string | null;
  readonly project_id?: string | null;
  readonly foreign_id: string | null;
  readonly height: number;
  readonly name: string;
  readonly status: string;
  readonly u_height: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly location: { readonly rack_id: Id; readonly start_u: number; readonly end_u: number };
}

/** States of the cloud that each status stands for; any other is FAILED. */
const statuses = {
  rack: {
    ACTIVE: ['CREATE_COMPLETE', 'RESUME_COMPLETE'],
    STOPPED: ['SUSPEND_COMPLETE'],
    IN_PROGRESS: ['CREATE_IN_PROGRESS', 'SUSPEND_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'DELETE_COMPLETE'],
    FAILED: ['CREATE_FAILED', 'DELETE_FAILED'],
  },
  device: {
    ACTIVE: ['active', 'running'],
    STOPPED: ['stopped'],
    SUSPENDED: ['suspended'],
    IN_PROGRESS: ['building', 'deleting', 'spawning', 'deleted'],
    FAILED: [],
  },
} as const;

/**
 * The Python service of 2023 on a portal whose racks belong to users, after what is known of its rules: it knows racks, devices
 * and templates by the ids in them, stands devices from the top of a rack down, and a change of a status empties the metadata.
 */
export class ServiceOf2023 {
  readonly #portal: Session;
  readonly #sandbox: Sandbox;
  #written: string[] = [];
  #needsResync = false;

  constructor(portal: Session, sandbox: Sandbox) {
    this.#portal = portal;
    this.#sandbox = sandbox;
  }

  /**
   * One full run: what it does not know by its id is created, what it knows and does not see is deleted. What the portal refuses,
   * such as a rack whose name one has that is deleted later in the run, it leaves to a second run, which follows at once.
   *
   * @returns what it wrote, such as `POST racks cluster-0`
   */
  async run(): Promise<string[]> {
    this.#written = [];
    for (let at = 0; at === 0 || (this.#needsResync && at < 3); at++) {
      this.#needsResync = false;
      await this.#syncTemplates();
      await this.#syncDevices(await this.#syncRacks());
    }
    return this.#written;
  }

  async #syncTemplates(): Promise<void> {
    const flavors = [...this.#sandbox.cloud.compute.flavors.values()];
    const templates = await this.#list('templates');
    for (const flavor of flavors) {
      if (templates.some(({ foreign_id: id }) => id === flavor.id)) continue;
      const { id, name, vcpus, ram, disk } = flavor;
      const template = {
        name,
        description: 'Flavor from Openstack',
        height: heightOf2023(flavor),
        foreign_id: id,
        vcpus,
        ram,
        disk,
      };
      await this.#post('templates', { template });
    }
    for (const { id, name, foreign_id: flavor } of templates) {
      // The portal refuses to delete a template that a device uses.
      if (!flavors.some((each) => each.id === flavor)) await this.#delete('templates', id, name);
    }
  }

  async #syncRacks(): Promise<Map<Id, Stack>> {
    const racks = await this.#list('racks');
    const users = (await this.#list('users')).filter(
      ({ login, cloud_user_id: id }) => login !== 'admin' && id,
    );
    const shown = new Map<Id, Stack>();
    const seen = new Set<string>();
    for (const { id: userId, project_id: project } of users) {
      for (const stack of this.#sandbox.cloud.orchestration.stacks(project ?? undefined)) {
        if (stack.parent) continue;
        seen.add(stack.id);
        const present = racks.filter(({ metadata }) => metadata['openstack_stack_id'] === stack.id);
        for (const { id } of present) shown.set(id, stack);
        const [rack] = present;
        if (rack) await this.#updateStatus('racks', rack, statusIn(statuses.rack, statusOf(stack)));
        else {
          const id = await this.#addRack(stack, userId);
          if (id !== undefined) shown.set(id, stack);
        }
      }
    }
    for (const { id, name, metadata } of racks) {
      if (!seen.has(metadata['openstack_stack_id'] ?? '')) await this.#delete('racks', id, name);
    }
    return shown;
  }

  async #syncDevices(stacks: ReadonlyMap<Id, Stack>): Promise<void> {
    const devices = await this.#list('devices');
    const racks = await this.#list('racks');
    const seen = new Set<string>();
    for (const [rackId, stack] of stacks) {
      for (const server of this.#sandbox.cloud.orchestration.serversOf(stack)) {
        const isFirst = !seen.has(server.id);
        seen.add(server.id);
        const device = devices.find(({ metadata }) => metadata['openstack_instance_id'] === server.id);
        if (device && isFirst)
          await this.#updateStatus('devices', device, statusIn(statuses.device, server.vmState));
        if (!device && isFirst)
          await this.#addDevice(
            server,
            racks.find(({ id }) => id === rackId),
          );
      }
    }
    for (const { id, name, metadata } of devices) {
      if (!seen.has(metadata['openstack_instance_id'] ?? '')) await this.#delete('devices', id, name);
    }
  }

  async #addRack(stack: Stack, userId: Id): Promise<Id | undefined> {
    const { id, name, owner, stackUserProjectId } = stack;
    const outputs = this.#sandbox.cloud.orchestration.outputs(stack);
    return this.#post('racks', {
      rack: {
        user_id: userId,
        name: nameOf2023(name),
        u_height: 42,
        status: statusIn(statuses.rack, statusOf(stack)),
        network_details: {},
        creation_output: outputs.map(({ key, value }) => `${key}=${String(value)}`).join(', '),
        metadata: {
          openstack_stack_id: id,
          openstack_stack_owner: owner,
          openstack_stack_owner_id: stackUserProjectId,
          openstack_stack_output: `[${outputs.map(({ key, value }) => `('${key}', '${String(value)}')`).join(', ')}]`,
          stack_status_reason: 'Stack CREATE completed successfully',
        },
      },
    });
  }

  async #addDevice(server: Server, rack: Row | undefined): Promise<void> {
    const templates = await this.#list('templates');
    const template = templates.find(({ foreign_id: id }) => id === server.flavor.id);
    if (!rack || !template) throw new Error(`no rack or no template for ${server.name}`);
    const taken = (await this.#list('devices')).flatMap(({ location }) =>
      location.rack_id === rack.id
        ? Array.from({ length: location.end_u - location.start_u + 1 }, (_, at) => location.start_u + at)
        : [],
    );
    let start = rack.u_height - template.height + 1;
    while (taken.some((unit) => unit >= start && unit < start + template.height)) start--;
    await this.#post('nodes', {
      template_id: template.id,
      device: {
        name: nameOf2023(server.name),
        description: 'Nova Server in Openstack',
        status: statusIn(statuses.device, server.vmState),
        location: { rack_id: rack.id, start_u: start, facing: 'f' },
        ssh_key: '',
        login_user: '',
        volume_details: {},
        metadata: { openstack_instance_id: server.id, net_interfaces: '{}' },
      },
    });
  }

  /** The portal replaces the metadata with the empty ones that come with it. */
  async #updateStatus(
    collection: 'racks' | 'devices',
    { id, name, status: shown }: Row,
    status: string,
  ): Promise<void> {
    if (shown === status) return;
    const path = `/api/v1/${collection}/${id}`;
    const body = { [collection.slice(0, -1)]: { name, status, metadata: {} } };
    await this.#portal.request({ method: 'PATCH', path, route: path, body });
    this.#written.push(`PATCH ${collection} ${name} ${status}`);
  }

  async #list(collection: string): Promise<Row[]> {
    const path = `/api/v1/${collection}`;
    const { text } = await this.#portal.request({ method: 'GET', path, route: path });
    return JSON.parse(text) as Row[];
  }

  /** @returns undefined: the portal refused it */
  async #post(collection: string, body: object): Promise<Id | undefined> {
    const path = `/api/v1/${collection}`;
    try {
      const { text } = await this.#portal.request({ method: 'POST', path, route: path, body });
      const { id, name } = JSON.parse(text) as Row;
      this.#written.push(`POST ${collection} ${name}`);
      return id;
    } catch (error) {
      if (!(error instanceof ConcertimError) || error.status !== 422) throw error;
      this.#needsResync = true;
      return undefined;
    }
  }

  async #delete(collection: string, id: Id, name: string): Promise<void> {
    const path = `/api/v1/${collection}/${id}${collection === 'racks' ? '?recurse=true' : ''}`;
    await this.#portal.request({ method: 'DELETE', path, route: `/api/v1/${collection}/{id}` });
    this.#written.push(`DELETE ${collection} ${name}`);
  }
}

/** A device's and a rack's name: of a dot or an underscore a dash. */
function nameOf2023(name: string): string {
  return name.replaceAll(/[._]/g, '-');
}

/** In units. */
function heightOf2023({ vcpus }: Flavor): number {
  return [1, 2, 4].filter((limit) => vcpus > limit).length + 1;
}

function statusIn(of: Readonly<Record<string, readonly string[]>>, state: string): string {
  return Object.keys(of).find((status) => of[status]?.includes(state)) ?? 'FAILED';
}
