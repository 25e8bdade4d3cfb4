import { request } from 'node:http';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** What a portal user can want of the API. */
export const wishes = ['key pairs', 'a new key pair', 'a server off', 'a server on'] as const;
export type Wish = (typeof wishes)[number];

/** What came of it. */
export interface Reply {
  /** 0: the service ended before it had answered. */
  readonly status: number;
  readonly text: string;
}

/** Asks the API as a portal user's job does. */
export async function askApi(
  { config, population, cloud }: Sandbox,
  url: string,
  wish: Wish,
): Promise<Reply> {
  const [account] = population.accounts;
  if (!account) throw new Error('a cloud without portal users');
  const { user, project } = account;
  const cloud_env = {
    auth_url: config.openstack.auth_url,
    user_id: user.id,
    password: user.password,
    project_id: project.id,
  };
  const [server] = cloud.compute.servers({ projectId: project.id }).behind(undefined);
  const name = `key ${[...cloud.keyPairs.of(user.id)].length}`;
  const power = (action: 'on' | 'off') =>
    send(`${url}/update_status/devices/${server?.id ?? 'none'}`, 'POST', { cloud_env, action });
  switch (wish) {
    case 'key pairs':
      return send(`${url}/key_pairs`, 'GET', { cloud_env });
    case 'a new key pair':
      return send(`${url}/key_pairs`, 'POST', { cloud_env, key_pair: { name } });
    case 'a server off':
      return power('off');
    case 'a server on':
      return power('on');
    default:
      return wish satisfies never;
  }
}

/** By node:http: the clock of a world watches undici's requests, and this one may wait for the clock. */
export function send(url: string, method: 'GET' | 'POST', body?: object): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const text = body && JSON.stringify(body);
  const headers = text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const asking = request(url, { method, ...(headers && { headers }) }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => (text += part));
    answer.on('error', () => resolve({ status: 0, text }));
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
  });
  asking.on('error', () => resolve({ status: 0, text: '' })).end(text);
  return promise;
}
