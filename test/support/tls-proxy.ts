import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';

/** A certificate with its key and the chain up to its authority, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that nobody knows but who is told, made by the `openssl` of this machine. */
export interface Authority extends Disposable {
  /** Its own certificate's file. */
  readonly file: string;
  /** @param names such as `DNS:localhost` @param validity in openssl's form, such as `20200101000000Z` */
  issue(names: string, validity?: { readonly from: string; readonly until: string }): Certificate;
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '3650',
    '-subj',
    '/CN=Test authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  writeFileSync(at('index.txt'), '');
  writeFileSync(
    at('ca.cnf'),
    `[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\npolicy = any\nunique_subject = no\ncopy_extensions = copy\n[any]\ncommonName = supplied\n`,
  );
  return {
    file: at('ca.pem'),
    issue(names, { from, until } = { from: '20200101000000Z', until: '21200101000000Z' }) {
      openssl(
        'req',
        ...newKey,
        '-subj',
        '/CN=test',
        '-addext',
        `subjectAltName=${names}`,
        '-keyout',
        'own.key',
        '-out',
        'own.csr',
      );
      openssl(
        ...'ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -notext -in own.csr -out own.pem'.split(
          ' ',
        ),
        '-startdate',
        from,
        '-enddate',
        until,
      );
      const cert = readFileSync(at('own.pem'), 'utf8') + readFileSync(at('ca.pem'), 'utf8');
      return { cert, key: readFileSync(at('own.key'), 'utf8') };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** One that signs itself and contains no name of a host, as Concertim's playbook makes it for its proxy. */
export function namelessCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'own.key'];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '3650', '-subj', '/', '-out', 'own.pem'], {
    cwd: folder,
    stdio: 'ignore',
  });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const certificate = { cert: read('own.pem'), key: read('own.key') };
  rmSync(folder, { recursive: true });
  return certificate;
}

/** HTTPS in front of a service that speaks HTTP. */
export interface TlsProxy extends AsyncDisposable {
  readonly port: number;
  /** From the next connection on. */
  show(certificate: Certificate): void;
}

export async function startTlsProxy(target: string, certificate: Certificate): Promise<TlsProxy> {
  const { hostname, port } = new URL(target);
  const server: Server = createServer(certificate, (incoming, answer) => {
    const { method, url, headers } = incoming;
    const outgoing = send({ hostname, port, method, path: url, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      pipeline(given, answer, () => {});
    });
    pipeline(incoming, outgoing, () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    show: (other) => server.setSecureContext(other),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
