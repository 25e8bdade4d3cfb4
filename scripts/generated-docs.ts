import { componentDockerfiles } from './component-dockerfiles.ts';
import { renderExample, renderReference } from './config-docs.ts';
import { renderHttpApi } from './http-api-docs.ts';
import { renderLicences } from './licences.ts';
import { renderLogMessages } from './log-events-docs.ts';
import { renderManPage } from './man-page.ts';
import { renderMetrics } from './metrics-docs.ts';
import { performancePlots, renderPerformance } from './performance-docs.ts';
import { renderPlanSchema } from './plan-schema.ts';
import { renderedUnits } from './systemd-units.ts';
import { renderArchivePolicy, renderPipeline, renderPolling } from './telemetry-setup.ts';

/** The files that are written from the code, by their path from package.json. */
export const generatedDocs: Readonly<Record<string, () => string | Promise<string>>> = {
  'config.example.yaml': renderExample,
  'docs/configuration.md': renderReference,
  ...renderedUnits,
  ...componentDockerfiles,
  'docs/concertim-openstack-service.1': renderManPage,
  'docs/http-api.md': renderHttpApi,
  'docs/licences.md': renderLicences,
  'docs/log-messages.md': renderLogMessages,
  'docs/metrics.md': renderMetrics,
  'docs/performance.md': renderPerformance,
  ...performancePlots,
  'docs/plan.schema.json': renderPlanSchema,
  'etc/ceilometer/polling.yaml': renderPolling,
  'etc/ceilometer/pipeline.yaml': renderPipeline,
  'etc/gnocchi/create-archive-policy': renderArchivePolicy,
};
