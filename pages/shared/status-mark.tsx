/** How statuses are called; their shapes and colours are in theme.css. */
const labels: Readonly<Record<string, string>> = {
  ACTIVE: 'active',
  IN_PROGRESS: 'in progress',
  STOPPED: 'stopped',
  SUSPENDED: 'suspended',
  FAILED: 'failed',
};

/** In the order in which they are counted. */
export const statuses = Object.keys(labels);

export function statusLabel(status: string): string {
  return labels[status] ?? status.toLowerCase();
}

/** A status as a small shape. It says nothing to a screen reader: have its label beside it. */
export function StatusMark({ status }: { status: string }) {
  return <i class={`mark mark-${status in labels ? status : 'unknown'}`} aria-hidden="true" />;
}
