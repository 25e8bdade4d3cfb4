import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { printable } from '../runtime/printable.ts';
import { Secret } from '../runtime/secret.ts';
import { LogFile, LogFileError, reopenLogFiles } from './log-file.ts';
import { createLogger, type LoggerOptions } from './logger.ts';

const canary = 'CANARY';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-log-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function captured(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    ...options,
    output: { write: (line) => void lines.push(line) },
  });
  const records = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, records };
}

test('a line is one JSON object with the time in ISO, the level in a word and the component', () => {
  const { log, lines, records } = captured({ component: 'updates_bulk' });

  log.info({ changes: 4 }, 'reconciled');

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(records()[0]).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    component: 'updates_bulk',
    event: 'reconciled',
    changes: 4,
    msg: 'reconciled',
  });
});

test.each([
  ['debug', ['debug', 'info', 'warn', 'error', 'fatal']],
  ['info', ['info', 'warn', 'error', 'fatal']],
  ['warning', ['warn', 'error', 'fatal']],
  ['error', ['error', 'fatal']],
  ['critical', ['fatal']],
] as const)('level %s logs %j', (level, expected) => {
  const { log, records } = captured({ level });

  for (const method of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[method]('x');

  expect(records().map((record) => record['level'])).toEqual(expected);
});

test('nothing secret is printed, wherever it stands', () => {
  const { log, lines } = captured();
  const error = new Error(`no route to amqp://nova:${canary}@broker`, { cause: { token: canary } });

  log.info({ body: { user: { password: canary } }, secret: new Secret(canary) }, 'asked');
  log.error(error);
  log.error({ err: error, list: [{ 'X-Auth-Token': canary }] }, 'failed at amqp://u:CANARY@broker');
  log.warn('%o was sent', { password: canary });
  log
    .child({ headers: { authorization: canary } })
    .child({ runId: 'r1', apiKey: canary })
    .info('from a child');
  const own = log.child({});
  own.setBindings({ cookie: canary });
  own.info('with a binding');

  expect(lines).toHaveLength(6);
  expect(lines.join('')).not.toContain(canary);
});

test('an error alone gives the line its message', () => {
  const { log, records } = captured();

  log.error(new Error('boom'));

  expect(records()[0]).toMatchObject({ msg: 'boom', err: { type: 'Error', message: 'boom' } });
});

test('a child adds its fields to those of its parent', () => {
  const { log, records } = captured({ component: 'updates_bulk' });

  log.child({ runId: 'r1' }).child({ rack: 'a' }).info({ n: 1 }, 'made');

  expect(records()[0]).toMatchObject({
    component: 'updates_bulk',
    runId: 'r1',
    rack: 'a',
    n: 1,
    msg: 'made',
  });
});

test('the pretty format is one line for people, with the fields', () => {
  const { log, lines } = captured({ format: 'pretty' });

  log.warn({ runId: 'r1', why: 'Heat answered 503', password: canary }, 'reconcile failed, will retry');

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/WARN: reconcile failed, will retry .*"why":"Heat answered 503"/);
  expect(lines[0]).not.toMatch(/CANARY|r1|reconcile-failed/);
});

test('for people a full run is a short line, and a targeted one is no more than its changes', () => {
  const { log, lines } = captured({ format: 'pretty' });
  const run = {
    changes: { 'create-rack': 2, 'create-device': 5 },
    failed: 0,
    skipped: 0,
    untried: 0,
    held: 3,
  };
  const ms = { observe: 30, plan: 2, apply: 10 };

  log.info({ scope: 'full', ...run, ms, requests: { Nova: 1 } }, 'reconciled');
  log.info({ scope: 'targeted', ...run, ms }, 'reconciled');
  log.warn(
    { scope: 'targeted', ...run, changes: { 'update-device': 1 }, failed: 2, held: 0, ms },
    'reconciled with failures',
  );

  expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'INFO: reconciled: full run, 7 changes in 42 ms, 3 held\n',
    'WARN: reconciled with failures: targeted run, 1 change in 42 ms, 2 failed\n',
  ]);
});

test('for people a cycle of metrics is a short line, with what is missing', () => {
  const { log, lines } = captured({ format: 'pretty' });

  log.info(
    { instances: 1, sent: 5, kept: 0, unknown: { late: 2, stopped: 1 }, left: 0, due: 8 },
    'metrics sent',
  );

  expect(lines.join('')).toMatch(/INFO: metrics sent: 5 figures of 1 instance, 3 unknown\n$/);
});

test('a log file gets the same JSON lines as standard output, in a folder that is made for it', () => {
  const file = join(folder, 'made', 'updates_bulk.log');
  const { log, lines } = captured({ file });

  log.debug('one');
  log.child({ runId: 'r1' }).info('two');

  expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
});

test('a log file is JSON when standard output is pretty', () => {
  const file = join(folder, 'x.log');
  const { log } = captured({ file, format: 'pretty' });

  log.info('one');

  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ level: 'info', msg: 'one' });
});

test('a log file that cannot be opened stops the start, with what to do', () => {
  const notAFolder = join(folder, 'file');
  writeFileSync(notAFolder, '');

  const start = () => captured({ file: join(notAFolder, 'x.log') });

  expect(start).toThrow(LogFileError);
  expect(start).toThrow(/x\.log cannot be written \((EEXIST|ENOTDIR)\)/);
});

test('after a log file was moved away, reopening goes on in a new one', () => {
  const file = join(folder, 'x.log');
  const { log } = captured({ file });
  log.info('before');
  renameSync(file, `${file}.1`);
  log.info('still in the old one');

  reopenLogFiles();
  log.info('after');

  expect(readFileSync(`${file}.1`, 'utf8')).toMatch(/before[^]*still in the old one/);
  expect(readFileSync(file, 'utf8')).toMatch(/^[^\n]*after[^\n]*\n$/);
});

test('a full disk is logged once, does not stop the work, and its end is logged with the lines lost', () => {
  const path = join(folder, 'x.log');
  symlinkSync('/dev/full', path);
  const told: string[] = [];
  const file = new LogFile(path, {
    onFailure: (error) => told.push(error.message),
    onRecovery: (lost) => told.push(`${lost} lost`),
  });

  file.write('one\n');
  file.write('two\n');
  rmSync(path);
  file.reopen();
  file.write('three\n');
  file.close();

  expect(told).toEqual([`The log file ${path} cannot be written (ENOSPC).`, '2 lost']);
  expect(readFileSync(path, 'utf8')).toBe('three\n');
});

test('standard output on a full disk does not stop the work', () => {
  const program = `
    import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)};
    const log = createLogger({ level: 'info', format: 'json' });
    log.info('one');
    log.info('two');
    process.stderr.write('worked on');`;
  const full = openSync('/dev/full', 'w');

  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);

  expect(stderr).toBe('worked on');
});

const deaf = { onFailure: () => {}, onRecovery: () => {} };

test('a file that would grow too large is rotated, and only so many are kept', () => {
  const path = join(folder, 'x.log');
  const file = new LogFile(path, { ...deaf, rotation: { maxBytes: 10, files: 3 } });

  for (const line of ['one\n', 'two\n', 'three\n', 'four\n', 'five\n', 'six and more\n', 'seven\n'])
    file.write(line);
  file.close();

  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2']);
  expect([read('x.log'), read('x.log.1'), read('x.log.2')]).toEqual([
    'seven\n',
    'six and more\n',
    'four\nfive\n',
  ]);
});

test('what an earlier process wrote counts, and a single file that is kept starts again', () => {
  const path = join(folder, 'x.log');
  writeFileSync(path, '12345678\n');
  const file = new LogFile(path, { ...deaf, rotation: { maxBytes: 10, files: 1 } });

  file.write('new\n');
  file.close();

  expect(readdirSync(folder)).toEqual(['x.log']);
  expect(readFileSync(path, 'utf8')).toBe('new\n');
});

test('while no new file can be opened no rotated file is lost, and that is logged once', () => {
  const program = `
    import { closeSync, openSync } from 'node:fs';
    import { LogFile } from ${JSON.stringify(new URL('log-file.ts', import.meta.url).href)};
    const told = [];
    const file = new LogFile('x.log', {
      rotation: { maxBytes: 4, files: 3 },
      onFailure: (error) => told.push(error.message),
      onRecovery: (lost) => told.push(lost + ' lost'),
    });
    for (const line of ['1\\n', '2\\n', '3\\n', '4\\n', '5\\n', '6\\n']) file.write(line);
    const taken = [];
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch {}
    for (const line of ['7\\n', '8\\n', '9\\n']) file.write(line);
    taken.forEach((descriptor) => closeSync(descriptor));
    file.write('10\\n');
    process.stdout.write(JSON.stringify(told));`;
  const node = [process.execPath, '--input-type=module', '--eval', program];

  const { stdout } = spawnSync('/bin/sh', ['-c', 'ulimit -n 100; exec "$@"', 'sh', ...node], {
    cwd: folder,
    encoding: 'utf8',
  });

  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  expect(JSON.parse(stdout)).toEqual(['The log file x.log cannot be written (EMFILE).', '3 lost']);
  expect([read('x.log'), read('x.log.1'), read('x.log.2')]).toEqual(['10\n', '5\n6\n', '3\n4\n']);
});

test('for people a change is one short line, with what it is about and why', () => {
  const { log, lines } = captured({ format: 'pretty' });
  const change = {
    change: 'update-device',
    name: 'web',
    rack: 'r1',
    owner: 'alice',
    why: 'it differs from its server',
  };

  log.info({ ...change, fields: ['status'], runId: 'x', ms: 3 }, 'changed');

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /INFO.*: .*update device web in rack r1 of alice: it differs from its server \(status\)\n$/,
  );
});

test('a name cannot command the terminal that a log for people is read on', () => {
  const { log, lines } = captured({ format: 'pretty' });

  log.info(
    { event: 'changed', change: 'create-rack', name: '\u001B]0;owned\u0007', rack: null, owner: null },
    'changed',
  );
  log.warn({ why: '\u001B[2J' }, 'it says \u001B[8m');

  for (const command of ['\u001B]0', '\u001B[2J', '\u001B[8m', '\u0007']) {
    expect(lines.join('')).not.toContain(command);
  }
  expect(lines.join('')).toContain('create rack \\u{1b}]0;owned\\u{7}');
});

test('no line has what a terminal obeys, and each is the same JSON still', () => {
  const file = join(folder, 'updates_bulk.log');
  const { log, lines, records } = captured({ file });
  const name = 'web\u001b[2J\u009b31m\u007f\u202e\u2028\u2066 é 名';

  log.warn({ name }, 'changed');

  const written = readFileSync(file, 'utf8');
  expect(records()).toMatchObject([{ name, msg: 'changed' }]);
  expect(JSON.parse(written)).toMatchObject({ name });
  for (const text of [...lines, written]) {
    expect(printable(text)).toBe(text);
    expect(text).toContain('é 名');
  }
});
