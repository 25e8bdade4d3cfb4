/**
 * The walls between the folders of src/. One line a folder: what it may import; everything else is an error.
 * ARCHITECTURE.md says why.
 */
const mayImport = {
  runtime: [],
  observability: ['runtime'],
  config: ['runtime'],
  http: ['observability', 'runtime'],
  web: ['runtime'],
  amqp: ['observability', 'runtime'],
  openstack: ['http', 'runtime'],
  concertim: ['http', 'runtime'],
  plan: ['openstack/model', 'concertim/model', 'runtime/brand', 'runtime/unreachable'],
  reconcile: ['plan', 'openstack', 'concertim', 'http', 'amqp', 'observability', 'runtime'],
  notifications: ['openstack/model', 'amqp', 'observability', 'runtime'],
  metrics: ['openstack', 'concertim', 'http', 'observability', 'runtime'],
  operations: ['openstack', 'concertim', 'http', 'runtime'],
  api: [
    'web',
    'operations',
    'reconcile',
    'plan',
    'openstack/model',
    'concertim/model',
    'observability',
    'runtime',
  ],
  doctor: ['openstack', 'concertim', 'amqp', 'operations', 'http', 'config', 'observability', 'runtime'],
  sandbox: [
    'openstack/model',
    'openstack/wire',
    'concertim/model',
    'concertim/wire',
    'notifications/source',
    'web',
    'runtime',
  ],
  service: [
    'components',
    'api',
    'metrics',
    'notifications',
    'reconcile',
    'plan',
    'operations',
    'openstack',
    'concertim',
    'amqp',
    'http',
    'config',
    'observability',
    'runtime',
  ],
  cli: [
    'service',
    'components',
    'doctor',
    'operations',
    'plan',
    'config',
    'reconcile',
    'sandbox',
    'http',
    'observability',
    'runtime',
  ],
};
const tests = '\\.test\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(mayImport).map(([folder, allowed]) => ({
      name: `${folder}-keeps-to-its-imports`,
      comment: `src/${folder}/ may import: ${allowed.join(', ') || 'nothing of ours'}. See ARCHITECTURE.md.`,
      severity: 'error',
      from: { path: `^src/${folder}/`, pathNot: tests },
      to: { path: '^src/', pathNot: [`^src/${folder}/`, ...allowed.map((to) => `^src/${to}(/|\\.ts$)`)] },
    })),
    {
      name: 'pages-know-only-what-they-are-told',
      comment:
        'pages/ runs in a browser: of src/ it knows the types of what it is sent, and nothing that runs.',
      severity: 'error',
      from: { path: '^pages/' },
      to: { path: '^src/', pathNot: '^src/(sandbox/view/wire|observability/status)\\.ts$' },
    },
    {
      name: 'pages-import-types-alone',
      comment: 'pages/ runs in a browser: what it imports from src/ is gone once it is built.',
      severity: 'error',
      from: { path: '^pages/' },
      to: { path: '^src/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'plan-is-pure',
      comment: 'plan/ takes values and returns values: no Node module, no package.',
      severity: 'error',
      from: { path: '^src/plan/', pathNot: tests },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'plan-reaches-nothing-impure',
      severity: 'error',
      from: { path: '^src/plan/', pathNot: tests },
      to: { path: '^src/(http|observability|config)/|^src/runtime/(clock|random)', reachable: true },
    },
    {
      name: 'tracing-is-loaded-when-wanted',
      comment:
        'The SDK of OpenTelemetry costs a quarter of a second at the start: import() trace-export.ts alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/observability/trace-export' },
      to: {
        path: '^src/observability/trace-export|@opentelemetry/(sdk|exporter|resources)',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'sandbox-stays-out-of-the-product',
      comment: 'The sandbox stands behind a URL; only the CLI and its own export import it.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(cli|sandbox)/', tests] },
      to: { path: '^src/sandbox/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
