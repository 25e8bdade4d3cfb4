import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { loadConfigWithSettings } from '../../src/config/load.ts';
import { type Diagnosis, examine, examineTestEvent } from '../../src/doctor/examine.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { admit } from '../../src/doctor/patient.ts';
import { applyRemedy } from '../../src/doctor/repair.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { portalRelease } from './portal-release.ts';

/** Sections of config.yaml that differ from what the sandbox needs, key by key. */
export type Settings = Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;

/** A sandbox, and a configuration for it that a test may spoil. */
export interface Clinic extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly file: string;
  readonly write: (settings?: Settings) => void;
  /** Changes one key of the file, such as `openstack.password`; undefined takes it away. */
  readonly set: (path: string, value: string | number | readonly string[] | undefined) => void;
  readonly examine: (options?: Parameters<typeof admit>[1]) => Promise<Diagnosis>;
  /** The same, with a test event. */
  readonly examineTestEvent: () => Promise<Diagnosis>;
  /** Carries out the remedies of all findings. */
  treat(): Promise<void>;
}

export async function startClinic(options: SandboxOptions = {}): Promise<Clinic> {
  const sandbox = await startSandbox({
    projects: 2,
    stacks: 2,
    servers: 2,
    release: portalRelease(),
    ...options,
  });
  const folder = mkdtempSync(join(tmpdir(), 'clinic-'));
  const file = join(folder, 'config.yaml');
  const write = (settings: Settings = {}) => {
    const whole: Record<string, unknown> = {
      data_dir: 'data',
      api: { host: '127.0.0.1' },
      ...sandbox.config,
    };
    for (const [section, keys] of Object.entries(settings)) {
      whole[section] = typeof keys === 'string' ? keys : { ...(whole[section] as object), ...keys };
    }
    writeFileSync(file, stringify(whole));
    chmodSync(file, 0o600);
  };
  write();
  return {
    sandbox,
    folder,
    file,
    write,
    set(path, value) {
      const whole = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      const [key = '', ...sections] = path.split('.').toReversed();
      let part = whole;
      for (const section of sections) part = (part[section] ??= {}) as Record<string, unknown>;
      if (value === undefined) delete part[key];
      else part[key] = value;
      writeFileSync(file, stringify(whole), { mode: 0o600 });
    },
    async examine(options) {
      await using patient = admit(loadConfigWithSettings({ file, env: {} }), options);
      return await examine(patient, new AbortController().signal);
    },
    async examineTestEvent() {
      await using patient = admit(loadConfigWithSettings({ file, env: {} }));
      const { signal } = new AbortController();
      return await examineTestEvent(patient, await examine(patient, signal), signal);
    },
    async treat() {
      await using patient = admit(loadConfigWithSettings({ file, env: {} }));
      const { findings } = await examine(patient, new AbortController().signal);
      for (const { remedy } of findings) if (remedy) await applyRemedy(patient.cloud, remedy);
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What is not as it should be. */
export function ailments({ findings }: Diagnosis): Finding[] {
  return findings.filter(({ level }) => level !== 'ok');
}
