import type { ComponentName } from '../../src/components.ts';
import { type Command, command } from '../support/command.ts';

/** Components, each a process of its own, as they run side by side on a machine. */
export class Fleet implements AsyncDisposable {
  readonly #configFile: string;
  readonly #processes = new Map<ComponentName, Command>();
  readonly #ended: Command[] = [];

  constructor(configFile: string) {
    this.#configFile = configFile;
  }

  start(component: ComponentName): void {
    this.#processes.set(component, command('run', component, '--config', this.#configFile));
  }

  /** As the kernel does when memory is short: nothing can be finished. */
  async kill(component: ComponentName): Promise<void> {
    const process = this.#processes.get(component);
    if (!process) return;
    process.kill('SIGKILL');
    await process.finished;
    this.#ended.push(process);
    this.#processes.delete(component);
  }

  /** Ends all. @returns all that they have printed, crashes included */
  async end(): Promise<string[]> {
    for (const component of this.#processes.keys()) await this.kill(component);
    const finished = await Promise.all(this.#ended.map((process) => process.finished));
    return finished.flatMap(({ stdout, stderr }) => [stdout, stderr]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
