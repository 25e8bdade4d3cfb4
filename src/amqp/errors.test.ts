import { AMQPChannelError, AMQPConnectionError } from 'rabbitmq-client';
import { expect, test } from 'vitest';
import { brokerError } from './errors.ts';

/** As the client makes it: its declared constructor is not the real one. */
function said(kind: typeof AMQPChannelError, code: string, text: string): Error {
  return Reflect.construct(kind, [code, text]) as Error;
}

const address = { host: 'controller', port: 5672, username: 'openstack', vhost: '/' };

test.each([
  ['QueueDeclare: ACCESS_REFUSED - access to queue', "queue 'q'", 'configure', 'queue'],
  ['QueueBind: ACCESS_REFUSED - access to exchange', "exchange 'nova'", 'read', 'exchange'],
  ['QueueBind: ACCESS_REFUSED - access to queue', "queue 'q'", 'write', 'queue'],
  ['BasicConsume: ACCESS_REFUSED - access to queue', "queue 'q'", 'read', 'queue'],
  ['BasicPublish: ACCESS_REFUSED - access to exchange', "exchange 'concertim.x'", 'write', 'exchange'],
])('%s … says which permission is missing', (beginning, what, permission, kind) => {
  const text = `${beginning.slice(0, beginning.lastIndexOf(' '))} ${what} in vhost '/' refused for user 'openstack'`;

  const error = brokerError(said(AMQPChannelError, 'ACCESS_REFUSED', text), address);

  expect(error).toMatchObject({ kind: 'permission', severity: 'fatal' });
  expect(error.message).toContain(`user "openstack" lacks the permission "${permission}" on ${kind} "`);
  expect(error.hint).toContain('rabbitmqctl set_permissions -p / openstack');
});

test('a refused login names what to check', () => {
  const cause = said(
    AMQPConnectionError,
    'ACCESS_REFUSED',
    'ACCESS_REFUSED - Login was refused using PLAIN.',
  );

  const error = brokerError(cause, address);

  expect(error).toMatchObject({ kind: 'login', severity: 'fatal', cause });
  expect(error.message).toBe('RabbitMQ at controller:5672 refused user "openstack".');
});

test('a virtual host that is not there is named', () => {
  const error = brokerError(
    said(AMQPConnectionError, 'NOT_ALLOWED', 'ConnectionOpen: NOT_ALLOWED - vhost x not found'),
    { ...address, vhost: 'x' },
  );

  expect(error.kind).toBe('vhost');
  expect(error.hint).toContain('rmq.rmq_path');
});
