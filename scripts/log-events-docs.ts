import { type LogEvent, logEvents } from '../src/observability/log-events.ts';

const headings: Record<keyof typeof logEvents, string> = {
  updates: '`updates_bulk` and `updates_mq`',
  writing: 'Notifications, and which process writes',
  metrics: '`metrics`',
  api: '`api`',
  all: 'Every component',
};

/** docs/log-messages.md: what the service logs, what it means and what to do. */
export function renderLogMessages(): string {
  const sections = (Object.keys(headings) as (keyof typeof logEvents)[]).map(
    (part) => `## ${headings[part]}

| level | message | event | what it means | what to do |
|---|---|---|---|---|
${logEvents[part].map(row).join('\n')}
`,
  );
  return `# Log messages

<!-- Written from src/observability/log-events.ts by \`npm run docs\`. -->

ERROR: somebody has to act. WARN: nobody has to, unless it stays; what stays is logged once. The fields \`why\` and \`err\` quote the
other system and say what to try. Every line of one run has the same \`runId\`. The field \`event\` has the code of the message, which
stays when a message is reworded: alert on it.

${sections.join('\n')}`;
}

function row({ level, message, code, meaning, action }: LogEvent): string {
  return `| ${level} | \`${message}\` | \`${code}\` | ${meaning} | ${action} |`;
}
