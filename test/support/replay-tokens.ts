import { request } from 'undici';
import type { Portal } from '../../src/sandbox/portal/portal.ts';
import { signToken } from '../../src/sandbox/portal/tokens.ts';
import type { Attempt, Recording } from './recorded-portal.ts';

/** Tokens by their holder: three of each user, and some made by hand. */
export async function tokensOf(
  portal: Portal,
  url: string,
  { name }: Recording,
): Promise<ReadonlyMap<string, string>> {
  const tokens = new Map<string, string>();
  for (const { login, password } of portal.users.all()) {
    for (const holder of [login, `${login}, second`, `${login}, leaving`]) {
      tokens.set(holder, await signIn(url, { login, password }));
    }
  }
  const iat = Math.floor(portal.clock.now() / 1000);
  const sub = String(portal.ids.show('user', 1));
  const own = { sub, scp: 'user', iat, exp: String(iat + 60), jti: portal.uuid() };
  // The secret of the first recorded portal was not known: hand-made tokens had another one.
  const secret = name === '0.2.1' ? 'another' : portal.secret;
  const bearer = (claims: object) => `Bearer ${signToken(claims as typeof own, secret)}`;
  return tokens
    .set('hand-made', bearer(own))
    .set('expired', bearer({ ...own, exp: String(iat - 1) }))
    .set('end alone', bearer({ exp: iat + 60 }));
}

async function signIn(
  url: string,
  user: { readonly login: string; readonly password: string },
): Promise<string> {
  const response = await request(`${url}/users/sign_in.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  await response.body.dump();
  return String(response.headers['authorization']);
}

/** Whose token it was, by the attempt's name: the first that fits. The recordings have their tokens cut short. */
const holders: readonly (readonly [RegExp, string])[] = [
  [/expired-token/, 'expired'],
  [/hand-made-token|jti-is-not-in-the-allow-list/, 'hand-made'],
  [/only-exp/, 'end alone'],
  [/^4.*sign-out/, 'erin, leaving'],
  [/two-tokens-of-one-user-second/, 'erin, second'],
  [/two-tokens-of-one-user/, 'erin'],
  [/sign-out-get-revokes|015 token-after-sign-out$/, 'alice, leaving'],
  [/sign-out/, 'carol, leaving'],
  [/of-the-deleted-user/, 'dave'],
  [/of-a-user-without-racks|^4.*by-a-user-who-is-not/, 'carol'],
  [
    /by-bob|of-bob|-other-user|mere-member|non-root-member|^035 teams-list-non-root|^[46].*(by-the-owner|by-a-team-admin|non-root)/,
    'bob',
  ],
  [/non-root|by-alice|by-team-admin|by-owner|by-the-owner|by-a-user-who-is-not/, 'alice'],
  [/./, 'admin'],
];

export function tokenFor({ name, token }: Attempt, tokens: ReadonlyMap<string, string>): string {
  if (token === null) return '';
  if (token !== undefined) return `Bearer ${token}`;
  const [, holder = ''] = holders.find(([pattern]) => pattern.test(name)) ?? [];
  const held = tokens.get(holder);
  if (held === undefined) throw new Error(`${name}: nobody is called ${holder}`);
  return held;
}
