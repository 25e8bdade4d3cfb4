import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ComponentName } from '../../src/components.ts';
import { root } from '../command.ts';
import { serviceEnv } from '../service-env.ts';
import { Child } from './child.ts';
import type { SandboxAnswers, SandboxProcessOptions } from './sandbox-process.ts';
import type { ServiceAnswers } from './service-process.ts';

/** How big, and how far away, the cloud of a measurement is. */
export interface Setting {
  readonly servers: number;
  readonly latencyMs: number;
  /** How often each thing is measured. */
  readonly repetitions: number;
}

/** With what units and images give it, and modules compiled before, as bin/ does it: an installed package has no types to strip. */
const asOperatorsRunIt = { ...serviceEnv, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') };
const serversPerStack = 4;
const serversPerProject = 20;

/** A sandbox in a process of its own, and the configuration that runs the service on it. */
export class Stage implements AsyncDisposable {
  readonly sandbox: Child<SandboxAnswers>;
  readonly folder: string;
  /** Path of the configuration. */
  readonly config: string;

  private constructor(sandbox: Child<SandboxAnswers>, folder: string, config: string) {
    this.sandbox = sandbox;
    this.folder = folder;
    this.config = config;
  }

  /** @param settings what the configuration says beside the sandbox's addresses */
  static async set(
    { servers, latencyMs }: Pick<Setting, 'servers' | 'latencyMs'>,
    settings: Record<string, unknown> = {},
    more: Pick<SandboxProcessOptions, 'rmq' | 'portalSpeed'> = {},
  ): Promise<Stage> {
    const sandbox = await Child.start<SandboxAnswers>('sandbox-process.ts', {
      projects: Math.ceil(servers / serversPerProject),
      stacks: Math.ceil(servers / serversPerStack),
      servers: serversPerStack,
      latencyMs,
      ...more,
    } satisfies SandboxProcessOptions);
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const config = join(folder, 'config.yaml');
    const said = { ...(await sandbox.ask('config')), data_dir: folder, log_level: 'info', ...settings };
    writeFileSync(config, stringify(said));
    return new Stage(sandbox, folder, config);
  }

  /** The service in a process of its own, which runs on request. */
  service(...components: ComponentName[]): Promise<Child<ServiceAnswers>> {
    const argument = { config: this.config, components };
    return Child.start<ServiceAnswers>('service-process.ts', argument, { env: asOperatorsRunIt });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
