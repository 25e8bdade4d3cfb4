import { loadConfigWithSettings } from '../config/load.ts';
import { Sessions } from '../service/sessions.ts';
import { componentsNamed } from './component-names.ts';
import type { RunOptions } from './run-components.ts';

/** `run`: the components named, or all. @returns the exit code */
export async function run(names: readonly string[], options: RunOptions): Promise<number> {
  const { config, file } = loadConfigWithSettings({ file: options.config });
  const named = componentsNamed(names, config);
  for (const notice of config.notices) process.stderr.write(`${notice}\n`);
  await using sessions = new Sessions({ config });
  // The API signs in as the caller.
  if (named.some(({ component }) => component !== 'api' && component !== 'billing'))
    await sessions.signInAhead();
  const { runComponents } = await import('./run-components.ts');
  return await runComponents({ ...options, config, file, named, sessions });
}
