import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { commandLine } from '../../src/cli/command-line.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

const checkout = resolve(import.meta.dirname, '../..');
const own = 'concertim-openstack-service';

interface Documented {
  readonly file: string;
  readonly command: string;
}

/** In running text: a program with something to do, or a command of ours with an option or a component. */
const inText = [
  /^(concertim-openstack-service|npm|sudo|docker|openstack|rabbitmqctl|gnocchi|journalctl|systemctl) \S/,
  /^(run|plan|doctor|status|health|check-config|sandbox|metrics) (--|updates_|api|metrics)/,
];

/** All commands of the documentation: those in `sh` blocks, continued lines joined and comments left out, and in the text. */
function documentedCommands(): Documented[] {
  const docs = readdirSync(join(checkout, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return ['README.md', ...docs.map((name) => join('docs', name))].flatMap((file) => {
    const text = readFileSync(join(checkout, file), 'utf8');
    const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
    const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'));
    const spans = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)]
      .map(([, span = '']) => span)
      .filter((span) => inText.some((pattern) => pattern.test(span)));
    return [...lines, ...spans.map((span) => (inText[1]?.test(span) ? `${own} ${span}` : span))]
      .map((line) =>
        line
          .replace(/(^|\s)#.*$/, '')
          .replace(/\s+/g, ' ')
          .trim(),
      )
      .filter((line) => line !== '')
      .map((command) => ({ file, command }));
  });
}

/** Those that are not run here, and why. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^npm test$/, 'this test is part of it'],
  [/^npm run test:/, 'tests of their own, too long for this one'],
  [/^npm run soak /, 'it takes as long as it is told to'],
  [
    /^npm run bench /,
    'it takes an hour; docs/performance.json is what it wrote, and generated-docs.test.ts reads it',
  ],
  [/^npm run release\b/, 'package.test.ts packs; it adds what npm knows of the packages'],
  [
    /^npm (pack|ci|install)\b|^sudo npm install --global /,
    'package.test.ts packs, installs and starts the package',
  ],
  [/^npm run docs$/, 'scripts/generated-docs.test.ts compares what it would write'],
  [/^npm run docs:api$/, 'public-names.test.ts does it'],
  [
    /^concertim-openstack-service completion /,
    'it writes where shells look; command-line.test.ts runs it for each shell',
  ],
  [
    /^docker /,
    'it needs a container engine; npm run test:images builds the same files, and runs what comes of it',
  ],
  [
    /^sudo (npm run (un)?install:systemd|systemctl )|^npm run install:systemd$|^journalctl /,
    'it changes the machine, or needs a systemd that runs; package.test.ts installs below a folder',
  ],
  [/^(openstack|gnocchi) /, 'it needs a real cloud and its command; npm run test:openstack has both'],
  [
    /^rabbitmqctl /,
    'it needs a RabbitMQ; notifications-access.rabbitmq.test.ts reads the permissions from here and gives them',
  ],
  [
    / run updates_mq$/,
    'it needs a RabbitMQ; npm run test:images runs it, and notifications-access.rabbitmq.test.ts',
  ],
];

/** How long a command that goes on is let go on: until it has shown this. */
const until: readonly (readonly [RegExp, string])[] = [
  [/^concertim-openstack-service run$/, '"msg":"reconciled"'],
  [/^concertim-openstack-service run updates_bulk$/, '"msg":"became the writer of the portal"'],
  [/^concertim-openstack-service run metrics$/, '"msg":"metrics sent"'],
  [/^concertim-openstack-service run api$/, '"msg":"listening"'],
  [/^npm start$/, 'create rack'],
];

/** Exit codes that are an answer, beside 0. */
const answers: Readonly<Record<string, readonly number[]>> = { plan: [2], doctor: [2, 3], health: [1] };

/** What stands for something of the reader's own. */
const placeholders: Readonly<Record<string, (sandbox: Sandbox) => string>> = {
  COMMAND: () => 'plan',
  ID: ({ cloud }) => [...cloud.compute.servers()][0]?.id ?? '',
};

const commands = documentedCommands();
const toRun = [...new Set(commands.map(({ command }) => command))].filter(
  (command) => !elsewhere.some(([pattern]) => pattern.test(command)),
);

const folder = mkdtempSync(join(tmpdir(), 'documented-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A sandbox, and a configuration for the service on it. */
async function startSandboxed(): Promise<{ sandbox: Sandbox; config: string } & AsyncDisposable> {
  const sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
  const place = mkdtempSync(join(folder, 'host-'));
  const config = join(place, 'config.yaml');
  const settings = {
    ...sandbox.config,
    api: { host: '127.0.0.1', port: await freePort() },
    metrics: { interval: 1 },
    data_dir: place,
  };
  writeFileSync(config, stringify(settings));
  return { sandbox, config, [Symbol.asyncDispose]: sandbox.close };
}

test('the documentation has commands, and those that are not run here are there still', () => {
  expect(commands.length).toBeGreaterThan(15);
  for (const [pattern] of elsewhere) expect(commands.some(({ command }) => pattern.test(command))).toBe(true);
});

test.concurrent.each(toRun)('%s', { timeout: 120_000 }, async (command) => {
  await using sandboxed = await startSandboxed();
  const { sandbox, config } = sandboxed;
  const line = command
    .replace(new RegExp(`^${own}`), `${process.execPath} bin/${own}`)
    .replace(/\b[A-Z]{2,}\b/g, (word) => placeholders[word]?.(sandbox) ?? word);
  const child = spawn('sh', ['-c', `exec ${line}`], {
    cwd: checkout,
    env: { ...process.env, CONCERTIM_OPENSTACK_SERVICE_CONFIG: config },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const sign = until.find(([pattern]) => pattern.test(command))?.[1];
  let output = '';
  let isTold = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (sign === undefined || isTold || !output.includes(sign)) return;
      isTold = true;
      // The whole group: npm does not always pass a signal on.
      process.kill(-(child.pid ?? 0), 'SIGINT');
    });
  }

  const [code] = (await once(child, 'close')) as [number | null];

  if (sign !== undefined) expect(output).toContain(sign);
  else expect([0, ...(answers[command.split(' ')[1] ?? ''] ?? [])], output).toContain(code);
});

test('the README has a row for every command', () => {
  const names = commandLine(() => {}).commands.map((command) => command.name());
  const rows = [...readFileSync(join(checkout, 'README.md'), 'utf8').matchAll(/^\| `([a-z-]+)[^|]*` \|/gm)];

  expect(rows.map(([, name]) => name)).toEqual(expect.arrayContaining(names));
});

test('every script and file that a documented command names is there', () => {
  const texts = ['README.md', 'CONTRIBUTING.md', ...new Set(commands.map(({ file }) => file))].map((file) =>
    readFileSync(join(checkout, file), 'utf8'),
  );
  const scripts = texts.flatMap((text) =>
    [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name),
  );
  const files = commands.flatMap(({ command }) =>
    [...command.matchAll(/ -f (\S+)/g)].map(([, name = '']) => name),
  );

  expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  expect(files.filter((name) => !existsSync(join(checkout, name)))).toEqual([]);
  expect(files.length).toBeGreaterThan(4);
});
