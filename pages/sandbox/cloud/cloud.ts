import { computed, signal } from '@preact/signals';
import type { ChangeView, CloudView, ServerView, StackView } from '../../../src/sandbox/view/wire.ts';

const stacks = new Map<string, StackView>();
const servers = new Map<string, ServerView>();
/** Another number whenever anything of the cloud has changed. */
const version = signal(0);
export const clouds = signal<readonly CloudView[]>([]);
/** Stacks whose servers are listed. */
export const open = signal<ReadonlySet<string>>(new Set());

export interface StackServers {
  readonly stack: StackView;
  readonly servers: readonly ServerView[];
}

/** Of each cloud its projects, and of these their stacks with their servers, by name. */
const projects = computed<ReadonlyMap<string, ReadonlyMap<string, readonly StackServers[]>>>(() => {
  void version.value;
  const ofStack = Map.groupBy(servers.values(), ({ stackId }) => stackId);
  const all = [...stacks.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((stack) => ({
      stack,
      servers: (ofStack.get(stack.id) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1)),
    }));
  const ofCloud = [...Map.groupBy(all, ({ stack }) => stack.cloud)];
  return new Map(
    ofCloud.map(([cloud, own]) => [cloud, Map.groupBy(own, ({ stack }) => stack.projectId)] as const),
  );
});

/** The stacks of a project in a cloud, by name. */
export function stacksOf(cloud: string, projectId: string | null): readonly StackServers[] {
  return projects.value.get(cloud)?.get(projectId ?? '') ?? [];
}

/** Takes over what has come, changed and gone. */
export function changeCloud(change: ChangeView): void {
  const { gone } = change;
  for (const each of change.stacks) stacks.set(each.id, each);
  for (const id of gone.stacks) stacks.delete(id);
  for (const each of change.servers) servers.set(each.id, each);
  for (const id of gone.servers) servers.delete(id);
  const count = change.stacks.length + change.servers.length + gone.stacks.length + gone.servers.length;
  if (count > 0) version.value++;
}

/** Few enough to be seen at a glance. */
const mostOpen = 60;

/** Opens all stacks of a small cloud; those of a large one are opened by hand. */
export function openIfSmall(): void {
  open.value = new Set(servers.size <= mostOpen ? stacks.keys() : []);
}

export function clearCloud(): void {
  stacks.clear();
  servers.clear();
}

/** A server's state in the words of the portal's statuses, for its mark. */
export function statusOfServer({ vmState, taskState }: ServerView): string {
  if (vmState === 'error') return 'FAILED';
  if (taskState !== null || vmState === 'building') return 'IN_PROGRESS';
  if (vmState === 'active' || vmState === 'resized') return 'ACTIVE';
  return vmState === 'paused' || vmState === 'suspended' ? 'SUSPENDED' : 'STOPPED';
}

/** A stack's likewise. */
export function statusOfStack({ status }: StackView): string {
  if (status.endsWith('_IN_PROGRESS')) return 'IN_PROGRESS';
  if (status.endsWith('_FAILED')) return 'FAILED';
  return status === 'SUSPEND_COMPLETE' ? 'SUSPENDED' : 'ACTIVE';
}
