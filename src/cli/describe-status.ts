import type { RunStatus, Status } from '../observability/status.ts';
import { parseTime } from '../runtime/clock.ts';
import { besideHead } from '../runtime/wrapped.ts';

/**
 * What the processes of a deployment do, for people.
 *
 * @param now ms since 1970
 * @param columns of the terminal; without one no line is broken
 */
export function describeStatus(
  statuses: readonly Status[],
  now: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  return statuses.map((status) => describeProcess(status, now, columns)).join('\n\n');
}

function describeProcess(status: Status, now: number, columns: number): string {
  const { components, updates, notifications, metrics, sources } = status;
  const ago = (time: string | null) =>
    time === null ? 'never' : `${duration(now - (parseTime(time) ?? now))} ago`;
  const since = ({ ready, starting, continuous, lastSuccessAt }: Status['components'][number]) => {
    // A process on standby has nothing to do.
    if ((ready || starting) && lastSuccessAt === null) return '';
    if (lastSuccessAt === null) return '; no success yet';
    return `; ${ready && continuous ? 'started' : 'last success'} ${ago(lastSuccessAt)}`;
  };
  const run = (last: RunStatus | null) =>
    last === null ? 'none yet' : `${ago(last.startedAt)}, ${describeRun(last)}`;
  const lines: string[] = [
    `process ${status.pid}, version ${status.version}, started ${ago(status.startedAt)}`,
    ...components.map((each) =>
      besideHead(
        `  ${markOf(each)} ${each.component.padEnd(13)} `,
        `${each.status.replace(/\.$/, '')}${since(each)}`,
        columns,
      ),
    ),
  ];
  const row = (name: string, text: string) =>
    lines.push(besideHead(`    ${name.padEnd(13)} `, text, columns));
  if (updates) {
    const release = updates.release === null ? '' : `release ${updates.release}, `;
    row(
      'portal',
      `${release}${updates.writer ? 'written to by this process' : 'this process is on standby'}`,
    );
    if (updates.paused) {
      const { since, reason } = updates.paused;
      row(
        'PAUSED',
        `${ago(since)}${reason === null ? '' : `: ${reason}`}; nothing is written until \`resume\``,
      );
    }
    row('full run', run(updates.lastFull));
    row('targeted run', run(updates.lastTargeted));
    row('waiting', `${count(updates.backlog, 'object')} to reconcile`);
    for (const { name, away } of updates.clouds)
      if (away)
        row('NOT READ', `cloud ${name} for ${duration(now - (parseTime(away.since) ?? now))}: ${away.why}`);
    if (updates.contested.length > 0) {
      row('CONTESTED', `another writer undoes changes to ${updates.contested.join(', ')}: end all but one`);
    }
    if (updates.failure) row('failed', `${ago(updates.failure.at)}: ${updates.failure.why}`);
  }
  if (notifications) {
    const { listening, received, lastAt, lagMs } = notifications;
    const lag = lagMs === null ? '' : `, ${Math.round(lagMs)} ms after it was sent`;
    const last =
      lastAt === null ? 'none received yet' : `${received} received, the last ${ago(lastAt)}${lag}`;
    row('notifications', `${listening ? 'listening' : 'NOT LISTENING'}; ${last}`);
  }
  if (metrics) {
    const { instances, sent, kept, unknown, failed, left, due, delivered, oldestMs, reasons, ms } = metrics;
    row(
      'figures',
      `of ${count(instances, 'instance')}: ${sent} sent, ${kept} unchanged, ${unknown} unknown, ${left} left to the next cycle, ${failed} failed, in ${ms} ms`,
    );
    const oldest = oldestMs === null ? '' : `, the oldest measured ${duration(oldestMs)} ago`;
    row('delivered', `${delivered} of ${count(due, 'figure')} that are due${oldest}`);
    const missing = Object.entries(reasons).map(([because, figures]) => `${figures} ${because}`);
    if (missing.length > 0) row('unknown', missing.join(', '));
  }
  for (const [name, text] of moneyRows(status.money, ago)) row(name, text);
  for (const { service, cloud, answeredAt, failedAt, failure } of sources) {
    const trouble = failedAt === null ? '' : `; failed ${ago(failedAt)} (${failure})`;
    row(
      cloud === null ? service : `${cloud} ${service}`,
      `${answeredAt === null ? 'has not answered yet' : `answered ${ago(answeredAt)}`}${trouble}`,
    );
  }
  return lines.join('\n');
}

/** Nothing where nothing costs anything and nobody lacks credits. */
function moneyRows(money: Status['money'], ago: (time: string | null) => string): [string, string][] {
  if (!money) return [];
  const { owners, cost, lowCredits, unbilled, usage } = money;
  const rows: [string, string][] = [];
  if (cost !== null) rows.push(['cost', `${cost.toFixed(2)} this month, of ${count(owners, 'owner')}`]);
  if (lowCredits.length > 0) {
    const named = lowCredits.map(({ owner, credits }) => `${owner} (${credits})`);
    rows.push(['LOW CREDITS', named.join(', ')]);
  }
  if (usage) {
    const over = usage.over > 0 ? `, ${usage.over} recorded HIGHER THAN RATED` : '';
    rows.push(['usage', `${usage.left} left to be recorded${over}; all recorded ${ago(usage.completeAt)}`]);
  }
  if (unbilled !== null && unbilled >= 0.005)
    rows.push(['unbilled', `${unbilled.toFixed(2)} rated, billed to nobody`]);
  return rows;
}

/** `✓` only where nobody has to look; `!` where it works, and somebody has to. */
export function markOf(component: {
  readonly ready: boolean;
  readonly failing: boolean;
  readonly starting?: boolean;
}): string {
  const { ready, starting, failing } = component;
  if (ready) return failing ? '!' : '✓';
  return starting ? '…' : '✗';
}

function describeRun({ ms, changes, failures, held, drift, deletionsRefused }: RunStatus): string {
  const parts = [`${count(changes, 'change')} in ${ms} ms`];
  if (failures > 0) parts.push(`${failures} FAILED (the log says why)`);
  if (deletionsRefused > 0) parts.push('deletions REFUSED (`plan` says why)');
  if (held > 0) parts.push(`${held} kept though missing from OpenStack`);
  if (drift > 0) parts.push(`${drift} announced by no notification`);
  return parts.join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
