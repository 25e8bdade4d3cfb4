import { Instruments } from '../src/observability/instruments.ts';

/** docs/metrics.md: every metric of the service's own, with what it says. */
export async function renderMetrics(): Promise<string> {
  const instruments = new Instruments();
  const nothing = () => undefined;
  instruments.watch({
    healths: () => [],
    backlog: nothing,
    isWriting: nothing,
    paused: nothing,
    hearing: nothing,
    clouds: () => [],
  });
  const metrics = await instruments.list();
  const isOfTheProcess = (name: string) => /^concertim_openstack_(process|nodejs)_/.test(name);
  const row = ({ name, kind, about, labels }: (typeof metrics)[number]) =>
    `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${about} |`;
  return `# The service's own metrics

<!-- Written from src/observability/instruments.ts by \`npm run docs\`. -->

In the form of Prometheus at \`GET /metrics\`: of the component \`api\` on \`api.port\`, of every process on
\`observability.port\` when that is set. There, \`/healthz\` says whether the components get on, \`/readyz\` whether they do
their work (503 when one does not), and \`/status\` what they did last, which the command \`status\` shows.

[alerts.yaml](../etc/prometheus/alerts.yaml) has alerts,
[concertim-openstack-service.json](../etc/grafana/concertim-openstack-service.json) a dashboard for Grafana.

The label \`cloud\` is there only where \`clouds\` in config.yaml lists several: one cloud has none.

| metric | kind | labels | |
|---|---|---|---|
${metrics
  .filter(({ name }) => !isOfTheProcess(name))
  .map(row)
  .join('\n')}

Of the process itself there are \`concertim_openstack_process_*\` (CPU, memory, file descriptors) and
\`concertim_openstack_nodejs_*\` (lag of the event loop, heap, garbage collection).
`;
}
