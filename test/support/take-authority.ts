import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clinic } from './doctor.ts';

/**
 * Does what the doctor prints where nobody knows the authority of a certificate: runs the command that shows the chain, puts
 * its last certificate into a file, and sets the key that is named to it.
 */
export async function takeAuthority({ folder, set }: Clinic, repair: string): Promise<void> {
  const [, key] = /set (\w+\.cacert)/.exec(repair) ?? [];
  const [command] = /openssl s_client .*<\/dev\/null/.exec(repair) ?? [];
  if (!key || !command) throw new Error(`nothing to run, or to set: ${repair}`);
  // Not in the way of whoever answers it: that may be this process.
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 10_000 });
  const chain = stdout.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const file = join(folder, `${key}.pem`);
  writeFileSync(file, `${chain.at(-1)}\n`);
  set(key, file);
}
