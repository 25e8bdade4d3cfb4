import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { Faults } from '../sandbox/faults.ts';
import { Portal } from '../sandbox/portal/portal.ts';
import { startPortal } from '../sandbox/portal/start-portal.ts';
import { Session } from './session.ts';
import { listUsers } from './users.ts';

test('a sign-in outlives the process, until the portal does not take it any more', async () => {
  const portal = new Portal({ release: '2023-08' });
  const service = await startPortal({ portal, faults: new Faults() });
  const grantFile = join(mkdtempSync(join(tmpdir(), 'session-')), 'token.json');
  const once = async () => {
    service.forget();
    const session = new Session({
      url: service.url,
      login: 'admin',
      password: new Secret('admin'),
      grantFile,
    });
    await listUsers(session);
    await session.close();
    return service.seen.filter(({ method }) => method === 'POST').length;
  };

  const signIns = [await once(), await once()];
  portal.changeSecret();
  signIns.push(await once(), await once());
  await service.close();

  expect(signIns).toEqual([1, 0, 1, 0]);
});

test('a wrong password is noticed at the next start, although the kept sign-in is good', async () => {
  const service = await startPortal({ portal: new Portal(), faults: new Faults() });
  const grantFile = join(mkdtempSync(join(tmpdir(), 'session-')), 'token.json');
  const start = async (password: string) => {
    const session = new Session({
      url: service.url,
      login: 'admin',
      password: new Secret(password),
      grantFile,
    });
    try {
      await listUsers(session);
    } finally {
      await session.close();
    }
  };
  await start('admin');

  await expect(start('mistyped')).rejects.toMatchObject({
    severity: 'fatal',
    hint: expect.stringContaining('concertim_password'),
  });
  await service.close();
});

test('what is read of a kept sign-in ahead is not read again', async () => {
  const service = await startPortal({ portal: new Portal(), faults: new Faults() });
  const grantFile = join(mkdtempSync(join(tmpdir(), 'session-')), 'token.json');
  const account = { url: service.url, login: 'admin', password: new Secret('admin'), grantFile };
  const first = new Session(account);
  await listUsers(first);
  await first.close();
  service.forget();

  const second = new Session(account);
  second.readKeptSignIn();
  rmSync(grantFile);
  await listUsers(second);
  await second.close();
  await service.close();

  expect(service.seen.map(({ method }) => method)).not.toContain('POST');
});
