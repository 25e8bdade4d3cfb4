import { Document, type Scalar, type YAMLMap } from 'yaml';
import { type LoadedConfig, loadConfigWithSettings } from '../config/load.ts';

export interface CheckConfigOptions {
  readonly config?: string;
}

/**
 * `check-config`: the configuration in effect, and where each value comes from. Notices go to standard error.
 *
 * @returns 0; a configuration that cannot be used is thrown, as for every command
 */
export function checkConfig(options: CheckConfigOptions): number {
  const loaded = loadConfigWithSettings({ file: options.config });
  process.stdout.write(describeConfig(loaded));
  for (const notice of loaded.config.notices) console.error(notice);
  return 0;
}

/** The settings as YAML, without secrets, the origin of each beside it. */
export function describeConfig({ config, file, settings }: LoadedConfig): string {
  // As the file is read: every value is a text, quoted only where it must be.
  const document = new Document({}, { schema: 'failsafe' });
  document.commentBefore = ` The configuration in effect, from ${file}`;
  for (const { section, key, shown, origin } of settings) {
    const [list, at] = section.length === 1 ? [] : section;
    const cloud = config.clouds[list === 'clouds' ? Number(at) : 0];
    if (section.at(-1) === 'rmq' && cloud?.rmq === undefined) continue;
    const value = document.createNode(shown, { flow: true }) as Scalar | YAMLMap;
    value.comment = ` ${origin}`;
    document.setIn([...section, key], value);
  }
  return document.toString({ lineWidth: 0 });
}
