import { z } from 'zod';
import { openstackCommands } from './openstack-command.ts';

const Row = z.object({ ID: z.string(), Name: z.string() });
const StackRow = z.object({ ID: z.string(), Project: z.string() });
const ServerGroupRow = z.object({ ID: z.string(), Members: z.array(z.string()) });
const FloatingRow = z.object({ 'Floating IP Address': z.string() });
const Resource = z.object({ resource_type: z.string(), physical_resource_id: z.string() });

const Flavor = Row.extend({ VCPUs: z.number(), RAM: z.number(), Disk: z.number(), 'Is Public': z.boolean() });
export type Flavor = z.infer<typeof Flavor>;

const Server = z.object({
  id: z.string(),
  name: z.string(),
  project_id: z.string(),
  status: z.string(),
  /** `name (id)` */
  flavor: z.string(),
  /** By network. */
  addresses: z.record(z.string(), z.array(z.string())),
  key_name: z.string().nullable(),
});
export type Server = z.infer<typeof Server>;

const Stack = z.object({
  id: z.string(),
  stack_name: z.string(),
  stack_status: z.string(),
  outputs: z.array(z.object({ output_key: z.string(), output_value: z.unknown() })),
});
export type Stack = z.infer<typeof Stack> & {
  readonly project_id: string;
  /** At any depth, or members of its server groups. */
  readonly servers: readonly Server[];
};

/** A cloud as the `openstack` command reports it to an administrator. */
export interface ReportedCloud {
  readonly projects: readonly { readonly ID: string; readonly Name: string }[];
  readonly users: readonly { readonly ID: string; readonly Name: string }[];
  readonly stacks: readonly Stack[];
  readonly servers: readonly Server[];
  readonly flavors: readonly Flavor[];
  readonly externalNetworks: readonly string[];
  readonly floatingAddresses: readonly string[];
}

export async function reportedCloud(): Promise<ReportedCloud> {
  const [projects, users, stackRows, serverRows, groupRows, flavors, externals, floating] =
    await openstackCommands([
      'project list',
      'user list',
      'stack list --all-projects',
      'server list --all-projects',
      'server group list --all-projects --long',
      'flavor list --all',
      'network list --external',
      'floating ip list',
    ]);
  const stacks = z.array(StackRow).parse(stackRows);
  const groups = new Map(
    z
      .array(ServerGroupRow)
      .parse(groupRows)
      .map(({ ID, Members }) => [ID, Members]),
  );
  const shown = await openstackCommands([
    ...z
      .array(Row)
      .parse(serverRows)
      .map(({ ID }) => `server show ${ID}`),
    ...stacks.flatMap(({ ID }) => [`stack show ${ID}`, `stack resource list -n 5 ${ID}`]),
  ]);
  const servers = z.array(Server).parse(shown.splice(0, shown.length - 2 * stacks.length));

  return {
    projects: z.array(Row).parse(projects),
    users: z.array(Row).parse(users),
    stacks: stacks.map(({ Project }, index) => {
      const members = memberIds(z.array(Resource).parse(shown[2 * index + 1]), groups);
      return {
        ...Stack.parse(shown[2 * index]),
        project_id: Project,
        servers: servers.filter(({ id }) => members.has(id)),
      };
    }),
    servers,
    flavors: z.array(Flavor).parse(flavors),
    externalNetworks: z
      .array(Row)
      .parse(externals)
      .map(({ Name }) => Name),
    floatingAddresses: z
      .array(FloatingRow)
      .parse(floating)
      .map((row) => row['Floating IP Address']),
  };
}

function memberIds(
  resources: readonly z.infer<typeof Resource>[],
  groups: ReadonlyMap<string, readonly string[]>,
): Set<string> {
  return new Set(
    resources.flatMap(({ resource_type: type, physical_resource_id: id }) => {
      if (type === 'OS::Nova::Server') return [id];
      return type === 'OS::Nova::ServerGroup' ? (groups.get(id) ?? []) : [];
    }),
  );
}
