import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** A portal user with an empty project, who writes into racks and devices of his own what belongs to others. */
export class HostileUser {
  readonly #id: number;
  /** Each of his rows, as it was when he made it. */
  readonly #made = new Map<string, string>();

  constructor({ portal }: Sandbox) {
    this.#id = portal.addUser({ login: 'mallory', project_id: 'ma110ry0ma110ry0ma110ry0ma110ry0' }).id;
  }

  get hasClaimed(): boolean {
    return this.#made.size > 0;
  }

  /** Claims a stack with all its servers, or a stack and a server that never existed. */
  claim({ portal, cloud }: Sandbox, at: number): void {
    const stacks = [...cloud.orchestration.stacks()];
    const stack = at % 4 === 3 ? undefined : stacks[at % (stacks.length || 1)];
    const servers = stack ? cloud.orchestration.serversOf(stack).map(({ id }) => id) : ['invented'];
    const count = this.#made.size;
    const rack = portal.addRack({
      user_id: this.#id,
      name: `mallory-${count}`,
      metadata: {
        openstack_stack_id: stack?.id ?? `invented-${count}`,
        openstack_stack_observed: { revision: '1', servers, server_groups: [] },
      },
    });
    this.#made.set(`rack ${rack.id}`, JSON.stringify(rack));
    const [template] = portal.templates.all();
    if (!template || !stack) return;
    for (const [place, id] of servers.slice(0, 3).entries()) {
      const device = portal.addDevice({
        template_id: template.id,
        rack_id: rack.id,
        name: `mallory-${place}`,
        start_u: 5 * place + 1,
        metadata: { openstack_instance_id: id },
      });
      this.#made.set(`device ${device.id}`, JSON.stringify(device));
    }
  }

  /** What the service has shown him: rows of his that have changed since, and rows that he did not make. */
  shown({ portal }: Sandbox): string[] {
    return this.#rows(portal)
      .filter(([name, row]) => this.#made.get(name) !== JSON.stringify(row))
      .map(([name, row]) => `${name} of mallory is ${JSON.stringify(row)}`);
  }

  /** Removes everything that he owns. */
  leave({ portal }: Sandbox): void {
    for (const [name, { id }] of this.#rows(portal).reverse()) {
      if (name.startsWith('rack ')) portal.racks.remove(id);
      else portal.devices.remove(id);
    }
  }

  #rows({ racks, devices }: Sandbox['portal']): [string, { readonly id: number }][] {
    const his = racks.all().filter(({ user_id }) => user_id === this.#id);
    const standing = devices.all().filter(({ rack_id }) => his.some(({ id }) => id === rack_id));
    return [
      ...his.map((rack): [string, { readonly id: number }] => [`rack ${rack.id}`, rack]),
      ...standing.map((device): [string, { readonly id: number }] => [`device ${device.id}`, device]),
    ];
  }
}
