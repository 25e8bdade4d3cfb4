import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { type Listening, startListening } from '../support/listening-scenario.ts';
import {
  type PrivateBroker,
  startPrivateBroker,
  tlsFixture,
  whyNoPrivateBroker,
} from '../support/rabbitmq.ts';

const why = whyNoPrivateBroker();

/** How the service comes to its broker: by TLS, and with a password. */
describe.skipIf(why !== undefined)(`with a RabbitMQ of our own${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  }, 90_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('notifications come over TLS where the authority of the broker is known', async () => {
    await using listening = await startListening({
      broker,
      rmq: { tls: true, rmq_port: broker.tlsPort, cacert: tlsFixture('cert.pem') },
    });

    stopAll(listening);

    await listening.inStep();
  });

  test('a broker whose authority is not known is not spoken to, and what to do is said', async () => {
    await using listening = await startListening({ broker, withService: false });
    const configFile = await listening.configWith({ rmq: { tls: true, rmq_port: broker.tlsPort } });
    await using service = serve(configFile);

    const line = await service.saw('cannot be trusted');

    expect(line).toMatch(/certificate/);
    expect(line).toContain('rmq.cacert');
  });

  test('a wrong password is said in words; once it is right the service listens', {
    timeout: 60_000,
  }, async () => {
    await broker.control('add_user', 'bridge', 'Correct-Horse-7');
    await broker.control('set_permissions', '-p', '/', 'bridge', '.*', '.*', '.*');
    await using listening = await startListening({ broker, withService: false });
    const rmq = { rmq_username: 'bridge', rmq_password: 'Wrong-Battery-9' };
    await using service = serve(await listening.configWith({ rmq }));

    const line = await service.saw('refused user \\"bridge\\"');
    await broker.control('change_password', 'bridge', 'Wrong-Battery-9');
    await service.saw('listening to notifications');
    stopAll(listening);
    await listening.inStep();

    service.kill('SIGTERM');
    const { stdout, stderr } = await service.finished;
    expect(line).toContain('rmq.rmq_password');
    expect(stdout + stderr).not.toContain('Wrong-Battery-9');
  });

  test('an account with the permissions that docs/components/updates.md gives it listens', async () => {
    await using listening = await startListening({ broker, withService: false });
    const password = 'Correct-Horse-7';
    const rmq = { rmq_username: 'concertim', rmq_password: password };
    await broker.control('add_user', 'concertim', password);

    await broker.control(...documentedPermissions(listening.prefix));
    await using service = serve(await listening.configWith({ rmq }));
    await service.saw('listening to notifications');
    stopAll(listening);

    await listening.inStep();
  });
});

/** The documented `rabbitmqctl set_permissions …`, for exchanges whose names begin with the prefix. */
function documentedPermissions(prefix: string): string[] {
  const text = readFileSync(new URL('../../docs/components/updates.md', import.meta.url), 'utf8');
  const [, line = ''] = /^rabbitmqctl (set_permissions .*)$/m.exec(text) ?? [];
  return line
    .replace(
      'nova|heat|cinder|neutron',
      ['nova', 'heat', 'cinder', 'neutron'].map((name) => prefix + name).join('|'),
    )
    .split(' ')
    .map((word) => word.replaceAll("'", ''));
}

function serve(configFile: string) {
  const service = command('run', 'updates_bulk', 'updates_mq', '--config', configFile);
  return Object.assign(service, {
    async [Symbol.asyncDispose]() {
      service.kill('SIGKILL');
      await service.finished;
    },
  });
}

function stopAll({ sandbox: { cloud } }: Listening): void {
  for (const { id } of cloud.compute.servers()) cloud.compute.act(id, 'stop');
}
