import type { StackId } from '../../src/openstack/model.ts';
import type { Session } from '../../src/openstack/session.ts';

/** Makes a stack of two servers, one of them in a stack within it. @returns its id; Heat goes on with it */
export async function createSmallStack(member: Session, name: string): Promise<StackId> {
  const server = (name: string) => ({
    type: 'OS::Nova::Server',
    properties: { name, image: 'test-image', flavor: 'm1.tiny', networks: [{ network: 'private' }] },
  });
  const answer = await member.request('orchestration', {
    method: 'POST',
    path: '/stacks',
    route: '/stacks',
    body: {
      stack_name: name,
      template: {
        heat_template_version: '2018-08-31',
        resources: {
          one: server('one'),
          group: {
            type: 'OS::Heat::ResourceGroup',
            properties: { count: 1, resource_def: server('nested') },
          },
        },
      },
    },
  });
  return (JSON.parse(answer.text) as { stack: { id: StackId } }).stack.id;
}
