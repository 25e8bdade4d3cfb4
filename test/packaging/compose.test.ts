import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const checkout = resolve(import.meta.dirname, '../..');
const files = ['docker-compose.yaml', 'docker-compose.all-in-one.yaml'];
const hasCompose = spawnSync('docker-compose', ['version']).status === 0;

/** A service as compose understands it: nothing beside these keys. */
interface ComposeService {
  readonly image: string;
  readonly container_name: string;
  readonly build: { readonly context: string; readonly dockerfile: string; readonly network: string };
  readonly network_mode: string;
  readonly restart: string;
  readonly read_only: boolean;
  readonly stop_grace_period: string;
  readonly security_opt: readonly string[];
  readonly cap_drop: readonly string[];
  readonly cap_add: readonly string[];
  readonly environment: readonly string[];
  readonly volumes: readonly string[];
}

const services = files.flatMap((file) => {
  const { services } = parse(read(file), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  return Object.entries(services).map(([name, service]) => ({ name, service }));
});

function read(path: string): string {
  return readFileSync(join(checkout, path), 'utf8');
}

test.skipIf(!hasCompose).each(files)('docker-compose finds nothing wrong with %s', (file) => {
  const { status, stderr } = spawnSync('docker-compose', ['-f', file, 'config', '--quiet'], {
    cwd: checkout,
    encoding: 'utf8',
  });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('every Dockerfile has its service, under the image name that the README gives it', () => {
  const dockerfiles = readdirSync(join(checkout, 'Dockerfiles')).filter((name) =>
    name.startsWith('Dockerfile'),
  );
  const named = [...read('README.md').matchAll(/--tag (\S+) -f (\S+) \.$/gm)];

  const built = new Map(services.map(({ service: { build, image } }) => [build.dockerfile, image]));

  // What only Concertim's playbook builds: see test/playbook.
  const ofPlaybooks = /^Dockerfile\.(billing|fe_\w+|view_\w+)$/;
  expect([...built.keys()].sort()).toEqual(
    dockerfiles
      .filter((name) => !ofPlaybooks.test(name))
      .map((name) => `Dockerfiles/${name}`)
      .sort(),
  );
  expect(named).toHaveLength(4);
  for (const [, tag, dockerfile = ''] of named) expect(built.get(dockerfile)).toBe(tag);
});

test.each(services)(
  '$name keeps what its image needs, and leaves its health check and its start to it',
  (of) => {
    const { name, service } = of;
    const dockerfile = read(service.build.dockerfile);
    const mounted = service.volumes.map((volume) => volume.split(':')[1]);
    const [, component] = /COMPONENT=(\w+)/.exec(dockerfile) ?? [];
    const volumes = JSON.parse(/^VOLUME (.*)$/m.exec(dockerfile)?.[1] ?? '') as string[];

    expect(mounted).toEqual(['/etc/concertim-openstack-service', ...volumes]);
    expect(dockerfile).toMatch(/^HEALTHCHECK .* CMD concertim-openstack-service health "\$COMPONENT"$/m);
    expect(component).toBe(name === 'concertim_openstack_service' ? 'all' : name);
    expect(service.container_name).toBe(service.image);
    expect(service).toEqual({
      image: expect.any(String),
      container_name: expect.any(String),
      build: { context: '.', dockerfile: expect.any(String), network: 'host' },
      network_mode: 'host',
      restart: 'always',
      read_only: true,
      // The service ends within 10 s.
      stop_grace_period: '15s',
      security_opt: ['no-new-privileges:true'],
      cap_drop: ['ALL'],
      cap_add: ['CHOWN', 'DAC_READ_SEARCH', 'SETGID', 'SETUID'],
      environment: ['JWT_SECRET'],
      volumes: expect.any(Array),
    });
  },
);
