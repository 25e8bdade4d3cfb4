import { isTransientStatus } from '../http/retry.ts';
import { ServiceError } from '../runtime/severity.ts';
import { type PortalProfile, profiles, type Release, releases } from './profile.ts';

/** An id that no portal has: only whether the route exists matters. */
const nobody = '00000000-0000-0000-0000-000000000000';

/** All releases from `first` to `last`, by default to the latest. */
function from(first: Release, last?: Release): readonly Release[] {
  return releases.slice(releases.indexOf(first), last && releases.indexOf(last) + 1);
}

/**
 * Routes that only some releases have. Without a token, an existing route answers 401 (the sign-in page 200), a missing one 404.
 * None of them needs a row, and none changes anything.
 */
const probes: readonly { readonly path: string; readonly servedBy: readonly Release[] }[] = [
  { path: '/api/v1/teams', servedBy: from('1.2') },
  { path: `/teams/${nobody}/usage_limits`, servedBy: from('main') },
  { path: '/compute-unit-usage/volumes', servedBy: from('next') },
  { path: '/accounts/sign_in', servedBy: from('1.1') },
  { path: '/api/v1/data-source-maps', servedBy: from('0.2.3') },
  { path: '/users/key_pairs', servedBy: from('2023-08', '0.2.3') },
];

/** Field names in the answer to a sign-in that only some releases have. */
const telling: readonly { readonly key: string; readonly shownBy: readonly Release[] }[] = [
  { key: 'fixme_encrypt_this_already_plaintext_password', shownBy: from('0.2.1', '2023-08') },
  { key: 'cost', shownBy: from('2023-08', '1.1') },
  { key: 'billing_acct_id', shownBy: from('0.2.3', '1.1') },
  { key: 'credits', shownBy: from('1.1', '1.1') },
  { key: 'project_id', shownBy: from('0.2.1', '1.1') },
  { key: 'deleted_at', shownBy: from('1.1') },
];

/**
 * Finds out the release of a portal by two to four requests that change nothing.
 *
 * @param ask the status of a GET without a token
 * @param names field names in the answer to a sign-in; undefined: there was none
 * @throws {ServiceError} it is none that is served
 */
export async function recognise(
  url: string,
  ask: (path: string) => Promise<number>,
  names: ReadonlySet<string> | undefined,
): Promise<PortalProfile> {
  let candidates: readonly Release[] = releases;
  for (const { path, servedBy } of probes) {
    const having = candidates.filter((release) => servedBy.includes(release));
    if (having.length === 0 || having.length === candidates.length) continue;
    candidates = isServed(url, path, await ask(path))
      ? having
      : candidates.filter((release) => !servedBy.includes(release));
  }
  const [release] = candidates as readonly [Release];
  const odd = names && telling.find(({ key, shownBy }) => names.has(key) !== shownBy.includes(release));
  if (!odd) return profiles[release];
  throw unknownRelease(
    url,
    `it has the addresses of release ${release}, but its answer to the sign-in has ${names?.has(odd.key) ? 'a' : 'no'} "${odd.key}"`,
  );
}

function isServed(url: string, path: string, status: number): boolean {
  if (status === 404) return false;
  if (status === 401 || status === 200) return true;
  throw new ServiceError(
    `The release of the portal at ${url} cannot be found out: it answered ${status} to GET ${path}; 401 or 404 was expected.`,
    {
      severity: isTransientStatus(status) ? 'transient' : 'fatal',
      hint: 'Check what stands before the portal, or set concertim.release.',
    },
  );
}

function unknownRelease(url: string, why: string): ServiceError {
  return new ServiceError(
    `The portal at ${url} is of a release that this version does not know: ${why}. Nothing was written.`,
    {
      severity: 'fatal',
      hint: `It serves ${releases.join(', ')}. If the portal is a variant of one of them, set concertim.release to that one.`,
    },
  );
}
