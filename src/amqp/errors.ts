import type { AMQPError } from 'rabbitmq-client';
import { ServiceError, type Severity } from '../runtime/severity.ts';
import { isUntrustedCertificate } from '../runtime/untrusted-certificate.ts';

/** What to tell a person who has to do something at the broker. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly vhost: string;
}

/**
 * RabbitMQ could not be reached, or refused something.
 *
 * - `unreachable`: nothing answers there, or the connection was lost
 * - `certificate`: it speaks TLS, with a certificate of an authority that we do not trust
 * - `login`: user and password do not fit
 * - `vhost`: there is no such virtual host, or the user may not enter it
 * - `permission`: the user may not do this to that queue or exchange
 * - `blocked`: it accepts no messages at present
 * - `refused`: anything else
 */
export class BrokerError extends ServiceError {
  override readonly name = 'BrokerError';
  readonly kind: 'unreachable' | 'certificate' | 'login' | 'vhost' | 'permission' | 'blocked' | 'refused';
  readonly host: string;

  constructor(
    message: string,
    options: {
      kind: BrokerError['kind'];
      host: string;
      severity: Severity;
      hint?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, options);
    this.kind = options.kind;
    this.host = options.host;
  }
}

/** In words what RabbitMQ, or the way to it, said. */
export function brokerError(error: unknown, address: BrokerAddress): BrokerError {
  if (error instanceof BrokerError) return error;
  const { host, port, username, vhost } = address;
  const at = `RabbitMQ at ${host}:${port}`;
  const text = error instanceof Error ? error.message : String(error);
  const common = { host, cause: error };

  if (isRefusal(error) && error.code === 'ACCESS_REFUSED') {
    const refusal = /access to (\w+) '([^']*)' in vhost '[^']*' refused/.exec(text);
    if (refusal)
      return permissionError(text, { kind: refusal[1] ?? '', name: refusal[2] ?? '' }, address, error);
    if (/Login was refused/.test(text)) {
      return new BrokerError(`${at} refused user "${username}".`, {
        ...common,
        kind: 'login',
        severity: 'fatal',
        hint: 'Check rmq.rmq_username and rmq.rmq_password; "guest" may only sign in from the same machine.',
      });
    }
  }
  if (isRefusal(error) && text.startsWith('ConnectionOpen: ')) {
    return new BrokerError(`${at} does not let user "${username}" into virtual host "${vhost}": ${text}.`, {
      ...common,
      kind: 'vhost',
      severity: 'fatal',
      hint: 'Check rmq.rmq_path, and the permissions of the user in that virtual host.',
    });
  }
  if (isRefusal(error) && !lostCodes.has(error.code)) {
    return new BrokerError(`${at} refused a request: ${text}.`, {
      ...common,
      kind: 'refused',
      severity: 'transient',
    });
  }
  if (error instanceof Error && 'code' in error && isUntrustedCertificate(String(error.code))) {
    return new BrokerError(`${at} cannot be trusted: ${text}.`, {
      ...common,
      kind: 'certificate',
      severity: 'fatal',
      hint: 'Give the authority of its certificate as rmq.cacert; see that rmq.rmq_address is a name in the certificate and that it has not expired.',
    });
  }
  return new BrokerError(`${at} cannot be reached: ${text}.`, {
    ...common,
    kind: 'unreachable',
    severity: 'transient',
    hint: 'Check rmq.rmq_address, rmq.rmq_port and rmq.tls, and that RabbitMQ runs.',
  });
}

/** RabbitMQ takes no messages at present: it is short of memory or disk. */
export function blockedError(reason: string, { host, port }: BrokerAddress): BrokerError {
  return new BrokerError(`RabbitMQ at ${host}:${port} accepts no messages: ${reason}.`, {
    host,
    kind: 'blocked',
    severity: 'transient',
    hint: 'It has an alarm, which "rabbitmq-diagnostics alarms" names: give it memory or disk space, or empty the queue that takes it.',
  });
}

/** What rabbitmq-client calls the loss of a connection. */
const lostCodes = new Set([
  'CONN_CLOSE',
  'CONNECTION_TIMEOUT',
  'SOCKET_TIMEOUT',
  'CONNECTION_FORCED',
  'CLOSING',
  'CH_CLOSE',
  'READ_END',
]);

/** RabbitMQ's permissions are three patterns; which one is missing follows from the request. */
function permissionError(
  text: string,
  refused: { readonly kind: string; readonly name: string },
  { host, username, vhost }: BrokerAddress,
  cause: unknown,
): BrokerError {
  const permission = missingPermission(text, refused.kind);
  return new BrokerError(
    `RabbitMQ at ${host}: user "${username}" lacks the permission "${permission}" on ${refused.kind} "${refused.name}" in virtual host "${vhost}".`,
    {
      kind: 'permission',
      host,
      severity: 'fatal',
      cause,
      hint: `Grant it, keeping what the user has already (rabbitmqctl list_user_permissions ${username}): rabbitmqctl set_permissions -p ${vhost} ${username} CONFIGURE WRITE READ, where CONFIGURE and WRITE match ^concertim\\..* and READ matches ^concertim\\..* and the exchanges of rmq.exchanges. Or name an existing queue in rmq.queue.`,
    },
  );
}

/** https://www.rabbitmq.com/docs/access-control#permissions */
function missingPermission(text: string, kind: string): 'configure' | 'write' | 'read' {
  if (/^(QueueDeclare|ExchangeDeclare|QueueDelete)/.test(text)) return 'configure';
  if (text.startsWith('QueueBind')) return kind === 'queue' ? 'write' : 'read';
  return text.startsWith('BasicPublish') ? 'write' : 'read';
}

/** By its name: the package is loaded with the first connection. */
function isRefusal(error: unknown): error is AMQPError {
  return error instanceof Error && error.name.startsWith('AMQP');
}
