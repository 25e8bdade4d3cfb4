/** Certificates that stand in the way: the doctor names them, what it prints is done, and all is well. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ailments, type Clinic, startClinic } from '../support/doctor.ts';
import { takeAuthority } from '../support/take-authority.ts';
import {
  type Authority,
  createAuthority,
  namelessCertificate,
  startTlsProxy,
  type TlsProxy,
} from '../support/tls-proxy.ts';

const here = 'IP:127.0.0.1,DNS:localhost';
let known: Authority;
let unknown: Authority;
beforeAll(() => {
  known = createAuthority();
  unknown = createAuthority();
});
afterAll(() => {
  known[Symbol.dispose]();
  unknown[Symbol.dispose]();
});

/** A service of the sandbox behind TLS, and a configuration, or a catalog, that has it there. */
interface Guarded {
  readonly service: string;
  readonly section: 'openstack' | 'concertim';
  readonly sign: string;
  readonly url: (clinic: Clinic) => string;
  readonly place: (clinic: Clinic, url: string) => void;
}

const guarded: readonly Guarded[] = [
  {
    service: 'Keystone',
    section: 'openstack',
    sign: 'keystone.sign-in',
    url: ({ sandbox }) => sandbox.services.keystone.url,
    place: ({ set }, url) => set('openstack.auth_url', `${url}/v3`),
  },
  {
    service: 'Concertim',
    section: 'concertim',
    sign: 'concertim.sign-in',
    url: ({ sandbox }) => sandbox.services.concertim.url,
    place: ({ set }, url) => set('concertim.concertim_url', url),
  },
  {
    service: 'Gnocchi',
    section: 'openstack',
    sign: 'gnocchi',
    url: ({ sandbox }) => sandbox.services.gnocchi.url,
    place: ({ sandbox }, url) => inCatalog(sandbox, url),
  },
];

/** Keystone's catalog has the endpoint of Gnocchi there: `openstack endpoint set --url`. */
function inCatalog({ faults, services }: Clinic['sandbox'], url: string): void {
  faults.clear();
  faults.add({
    service: 'keystone',
    path: /auth\/tokens/,
    kind: 'rewrite',
    rewrite: (body) => JSON.parse(JSON.stringify(body).replaceAll(services.gnocchi.url, url)) as unknown,
  });
}

const found = async ({ examine }: Clinic, check: string) =>
  ailments(await examine()).filter((finding) => finding.check === check);

test.each(guarded)(
  '$service: a certificate of an authority nobody knows: its own is taken and set',
  async (given) => {
    await using clinic = await startClinic();
    await using proxy = await startTlsProxy(given.url(clinic), unknown.issue(here));
    given.place(clinic, `https://127.0.0.1:${proxy.port}`);

    const [certificate] = await found(clinic, `${given.section}.certificate`);
    const [signIn] = await found(clinic, given.sign);
    await takeAuthority(clinic, certificate?.repair ?? '');

    expect(certificate).toMatchObject({ level: 'error', found: expect.stringContaining('is not trusted') });
    expect(signIn?.found).toMatch(/did not answer|SELF_SIGNED|CERT/);
    expect(ailments(await clinic.examine())).toEqual([]);
  },
);

test.each(guarded)('$service: a certificate that has ended is renewed there', async (given) => {
  await using clinic = await startClinic();
  const ended = known.issue(here, { from: '20200101000000Z', until: '20210101000000Z' });
  await using proxy = await startTlsProxy(given.url(clinic), ended);
  clinic.set(`${given.section}.cacert`, known.file);
  given.place(clinic, `https://127.0.0.1:${proxy.port}`);

  const [certificate] = await found(clinic, `${given.section}.certificate`);
  proxy.show(known.issue(here));

  expect(certificate).toMatchObject({
    level: 'error',
    found: expect.stringMatching(/expired \d+ days ago$/),
    repair: 'Renew it on 127.0.0.1.',
  });
  expect(ailments(await clinic.examine())).toEqual([]);
});

test.each(guarded)('$service: a certificate for another name: one that it has is used', async (given) => {
  await using clinic = await startClinic();
  await using proxy = await startTlsProxy(given.url(clinic), known.issue('DNS:localhost'));
  clinic.set(`${given.section}.cacert`, known.file);
  given.place(clinic, `https://127.0.0.1:${proxy.port}`);

  const [certificate] = await found(clinic, `${given.section}.certificate`);
  const [, name = ''] = /\(DNS:([^)]+)\)/.exec(certificate?.repair ?? '') ?? [];
  given.place(clinic, `https://${name}:${proxy.port}`);

  expect(certificate).toMatchObject({ level: 'error', found: expect.stringContaining('ALTNAME') });
  expect(ailments(await clinic.examine())).toEqual([]);
});

test.each(guarded)(
  '$service: one that contains no name of a host is accepted where that is set',
  async (given) => {
    await using clinic = await startClinic();
    await using proxy = await startTlsProxy(given.url(clinic), namelessCertificate());
    given.place(clinic, `https://127.0.0.1:${proxy.port}`);

    const [certificate] = await found(clinic, `${given.section}.certificate`);
    clinic.set(`${given.section}.insecure`, 'true');

    expect(certificate).toMatchObject({
      level: 'error',
      repair: `Have a certificate issued for 127.0.0.1: this one contains no name of a host. If 127.0.0.1 is this machine, ${given.section}.insecure: true does as well.`,
    });
    expect(ailments(await clinic.examine())).toMatchObject([
      { level: 'warning', check: `${given.section}.certificate` },
    ]);
  },
);

test('a certificate that ends within three weeks is a warning', async () => {
  await using clinic = await startClinic();
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');
  await using proxy = await startTlsProxy(
    clinic.sandbox.services.concertim.url,
    known.issue(here, { from: '20200101000000Z', until: soon }),
  );
  clinic.set('concertim.cacert', known.file);
  clinic.set('concertim.concertim_url', `https://127.0.0.1:${proxy.port}`);

  const [certificate] = await found(clinic, 'concertim.certificate');
  proxy.show(known.issue(here));

  expect(certificate).toMatchObject({
    level: 'warning',
    found: expect.stringMatching(/expires in [45] days$/),
  });
  expect(ailments(await clinic.examine())).toEqual([]);
});

test('a portal that is reached by TLS only: the address that it answers with is set', async () => {
  await using clinic = await startClinic();
  const { sandbox } = clinic;
  await using proxy = await startTlsProxy(sandbox.services.concertim.url, known.issue(here));
  const address = `https://127.0.0.1:${proxy.port}`;
  const inTheWay = sandbox.faults.add({
    service: 'concertim',
    kind: 'answer',
    status: 307,
    headers: { location: `${address}/users/sign_in.json` },
  });

  const [signIn] = await found(clinic, 'concertim.sign-in');
  const [, told = ''] = /concertim_url as (https:\/\/[\d.]+:\d+)/.exec(signIn?.repair ?? '') ?? [];
  clinic.set('concertim.concertim_url', told);
  // The proxy speaks to the port that answers so: to whoever comes by it, it does not.
  inTheWay();
  const [certificate] = await found(clinic, 'concertim.certificate');
  await takeAuthority(clinic, certificate?.repair ?? '');

  expect(told).toBe(address);
  expect(ailments(await clinic.examine())).toEqual([]);
});

test('insecure is a warning, as long as it is set', async () => {
  await using clinic = await startClinic();
  await using proxy: TlsProxy = await startTlsProxy(clinic.sandbox.services.concertim.url, known.issue(here));
  clinic.set('concertim.concertim_url', `https://127.0.0.1:${proxy.port}`);
  clinic.set('concertim.insecure', 'true');

  const [certificate] = await found(clinic, 'concertim.certificate');
  clinic.set('concertim.insecure', undefined);
  await takeAuthority(clinic, certificate?.repair ?? '');

  expect(certificate).toMatchObject({ level: 'warning', found: expect.stringContaining('any certificate') });
  expect(ailments(await clinic.examine())).toEqual([]);
});
