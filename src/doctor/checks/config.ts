import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { advice, error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

/** The configuration and the files it names. What makes it unusable was found when it was read. */
export async function checkConfig({ config, file }: Patient): Promise<Finding[]> {
  return [
    await checkFile(file),
    ...config.notices.map((notice) =>
      warning('config.notice', {
        found: notice,
        why: 'A setting that says nothing to this version may not do what was meant.',
        repair: `Change or remove it in ${file}.`,
      }),
    ),
    await checkFolder('data_dir', config.dataDir, {
      use: 'The lock that keeps a second writer of this machine off, and the sign-in to the portal, are kept there.',
      without: '/var/lib/concertim-openstack-service/data',
    }),
    ...(config.logDir === undefined
      ? []
      : [await checkFolder('log_dir', config.logDir, { use: 'Log files are written there.', without: '' })]),
    ...checkApi(config.api),
  ];
}

async function checkFile(file: string): Promise<Finding> {
  const { mode } = await stat(file);
  if ((mode & constants.S_IROTH) === 0) return ok('config.file', `${file} is complete`);
  return warning('config.file', {
    found: `${file} is complete, and everybody on this machine may read it`,
    why: 'Passwords are in it.',
    repair: `chmod o-rwx ${file}`,
  });
}

/** A folder that is not there yet is made when it is needed: then the one above it counts. */
async function checkFolder(
  key: 'data_dir' | 'log_dir',
  folder: string | undefined,
  about: { use: string; without: string },
): Promise<Finding> {
  const check = `config.${key}`;
  if (folder === undefined) {
    return advice(check, {
      found: `${key} is not set`,
      why: about.use,
      repair: `Set \`${key}: ${about.without}\`.`,
    });
  }
  const problem = await problemOfFolder(folder);
  if (problem === undefined) return ok(check, `${folder} can be written`);
  return error(check, {
    found: `${folder} cannot be written (${problem})`,
    why: about.use,
    // Nothing can be made where a file is in the way.
    repair: notFolder.has(problem)
      ? `Set ${key} to a folder of its own.`
      : `install -d -o USER ${folder}, USER being the one that the service runs as; or set another ${key}.`,
  });
}

/** That a file stands where a folder should, by us or by Node. */
const notFolder: ReadonlySet<string> = new Set(['not a folder', 'ENOTDIR']);

async function problemOfFolder(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return 'not a folder';
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    return code === 'ENOENT' && dirname(folder) !== folder ? problemOfFolder(dirname(folder)) : code;
  }
}

function checkApi({ host, port, jwtSecret }: Patient['config']['api']): Finding[] {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (jwtSecret || isLocal) return [];
  return [
    advice('config.api', {
      found: `Whoever reaches ${host}:${port} may ask the component api, with credentials of the cloud`,
      why: 'A secret shared with Concertim would let only Concertim ask.',
      repair:
        'Set api.jwt_secret to the secret that Concertim signs its tokens with, if it is of the generation that sends them.',
    }),
  ];
}
