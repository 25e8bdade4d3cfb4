import { computed, signal } from '@preact/signals';
import type { StatusView } from '../../src/api/status-page/wire.ts';
import type { Status } from '../../src/observability/status.ts';
import { now } from '../shared/now.ts';

/** undefined: no status has arrived yet. */
export const latest = signal<StatusView | undefined>(undefined);
/** The service's clock less ours, ms. */
const ahead = signal(0);
/** Whether the page asks for the token. */
export const isShut = signal(false);

export function take(view: StatusView): void {
  latest.value = view;
  ahead.value = Date.parse(view.at) - Date.now();
}

/** Ms since 1970 by the service's clock. */
export const serviceNow = computed(() => now.value + ahead.value);

export const processes = computed<readonly Status[]>(() => latest.value?.processes ?? []);

/** Components that there is work for, and that nothing runs. */
export const missing = computed<readonly string[]>(() => latest.value?.missing ?? []);

/** The process that writes to the portal; where none does, one that could. */
export const writer = computed(() => {
  const reconciling = processes.value.filter(({ updates }) => updates);
  return reconciling.find(({ updates }) => updates?.writer) ?? reconciling[0];
});
export const standBys = computed(() =>
  processes.value.filter((process) => process.updates && process !== writer.value),
);
export const listener = computed(() => processes.value.find(({ notifications }) => notifications));
export const measurer = computed(() =>
  processes.value.find(({ components }) => components.some(({ component }) => component === 'metrics')),
);
