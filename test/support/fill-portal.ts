import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** Puts there at once what the service would make of the cloud's servers, without running it. */
export function fillPortal({ cloud, portal }: Sandbox): void {
  const template = portal.addTemplate({ name: 'm1.small' });
  for (const user of portal.users.all()) {
    if (!user.project_id) continue;
    for (const stack of cloud.orchestration.stacks(user.project_id)) {
      if (stack.parent) continue;
      const rack = portal.addRack({
        user_id: user.id,
        name: stack.name,
        metadata: { openstack_stack_id: stack.id },
      });
      for (const [index, server] of cloud.orchestration.serversOf(stack).entries()) {
        portal.addDevice({
          template_id: template.id,
          name: server.name,
          rack_id: rack.id,
          start_u: 42 - index,
          metadata: { openstack_instance_id: server.id },
        });
      }
    }
  }
}
