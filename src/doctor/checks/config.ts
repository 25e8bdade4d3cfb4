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
        why: 'This version ignores the setting, so it has no effect.',
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
    found: `${file} is complete, and every user of this machine may read it`,
    why: 'It contains passwords.',
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

function checkApi({ host, port, jwt }: Patient['config']['api']): Finding[] {
  const check = 'config.api';
  if (jwt.kind === 'required')
    return [ok(check, 'The component api takes requests with a token of Concertim alone')];
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLocal) return [];
  const isPartly = jwt.kind === 'if-present';
  return [
    warning(check, {
      found: `The component api is open: anyone who can reach ${host}:${port} may use it ${isPartly ? 'by sending no token (api.jwt is if-present)' : 'without a token'}`,
      why: 'Passwords of the cloud can be tried through it, and calls without credentials, such as those about credits, are answered to anyone.',
      repair: isPartly
        ? 'Set api.jwt to required once no portal before 1.0.0, which sends no tokens, is served; or set api.host to 127.0.0.1.'
        : 'Set api.jwt_secret (or the environment variable JWT_SECRET) to the secret that Concertim 1.0.0 and later sign their tokens with. For an earlier portal, which sends none, set api.host to 127.0.0.1 or let a firewall admit the portal alone.',
    }),
  ];
}
