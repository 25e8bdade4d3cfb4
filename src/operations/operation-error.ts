import { BodyError, ConnectionError, TimeoutError } from '../http/errors.ts';
import { CatalogError, services } from '../openstack/catalog.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Secret } from '../runtime/secret.ts';
import { ServiceError, type Severity } from '../runtime/severity.ts';

/** Why a request to the cloud failed. */
export type OperationErrorKind =
  /** The request makes no sense to the cloud. */
  | 'invalid'
  /** The credentials are not good. */
  | 'unauthorized'
  /** They are, but do not allow it. */
  | 'forbidden'
  | 'not-found'
  /** Not in its present state, or the name is taken. */
  | 'conflict'
  /** Something that an administrator has to make first is not there. */
  | 'prerequisite-missing'
  /** The cloud asks for patience. */
  | 'too-many-requests'
  /** The cloud cannot be reached, or answers nonsense, or an error of its own. */
  | 'cloud-failed'
  /** The cloud did not answer in time; it may still carry out the request. */
  | 'cloud-slow';

/** A request to the cloud failed. The message is for the caller: short, and without secrets. */
export class OperationError extends ServiceError {
  override readonly name = 'OperationError';
  readonly kind: OperationErrorKind;
  /** The exchange that failed, if one did: the cloud's own log knows it by this. */
  readonly upstream:
    | {
        readonly service: string;
        readonly status?: number;
        readonly requestId?: string | undefined;
        /** The address of the request. */
        readonly url?: string;
        /** Why there was no connection. */
        readonly code?: string;
        /** Details for the log, not for the caller. */
        readonly said?: string;
      }
    | undefined;
  /** After so many seconds it may be tried again. */
  readonly retryAfterS: number | undefined;

  constructor(
    kind: OperationErrorKind,
    message: string,
    options: { upstream?: OperationError['upstream']; retryAfterS?: number } = {},
  ) {
    super(message, { severity: severities[kind] });
    this.kind = kind;
    this.upstream = options.upstream;
    this.retryAfterS = options.retryAfterS;
  }
}

const severities: Readonly<Record<OperationErrorKind, Severity>> = {
  invalid: 'terminal',
  unauthorized: 'terminal',
  forbidden: 'terminal',
  'not-found': 'terminal',
  conflict: 'terminal',
  'prerequisite-missing': 'terminal',
  'too-many-requests': 'transient',
  'cloud-failed': 'transient',
  'cloud-slow': 'transient',
};

/**
 * What an error of the cloud's means to the caller; an error that nobody throws on purpose stays what it is. The
 * first error is not kept as the cause: the cloud's answers may repeat what they were given.
 *
 * @param secrets what must not be in the message, whatever the cloud repeats
 * @param of whose session it was; its cloud is named where there are several
 */
export function operationError(
  error: unknown,
  secrets: readonly Secret[],
  of?: { readonly cloud: string | undefined },
): unknown {
  const cloud = of?.cloud === undefined ? 'the cloud' : `cloud ${of.cloud}`;
  if (error instanceof OpenStackError) return fromRefusal(error, secrets, cloud);
  if (error instanceof ConnectionError) {
    const { service, url, code } = error;
    const message = `${service} of ${cloud} cannot be reached at the moment. Try again later.`;
    return new OperationError('cloud-failed', message, { upstream: { service, url: originOf(url), code } });
  }
  if (error instanceof TimeoutError) {
    const { service, url, timeoutMs } = error;
    const seconds = Math.round(timeoutMs / 1000);
    const message = `${service} of ${cloud} did not answer within ${seconds} s. It may still do it: look again before you repeat it.`;
    return new OperationError('cloud-slow', message, { upstream: { service, url: originOf(url) } });
  }
  if (error instanceof BodyError) {
    const { service, url } = error;
    const message = `${service} of ${cloud} gave an answer that is not understood. The administrator finds more in the log.`;
    return new OperationError('cloud-failed', message, { upstream: { service, url: originOf(url) } });
  }
  if (error instanceof CatalogError) {
    const subject = cloud.charAt(0).toUpperCase() + cloud.slice(1);
    const message = `${subject} has no ${services[error.service].name}, or its administrator has not made it known.`;
    return new OperationError('cloud-failed', message, {
      upstream: { service: error.service, said: error.message },
    });
  }
  if (error instanceof DOMException && error.name === 'AbortError') {
    return new OperationError('cloud-failed', 'This service is being stopped.');
  }
  return error;
}

function fromRefusal(error: OpenStackError, secrets: readonly Secret[], cloud: string): OperationError {
  const { service, status, requestId, url } = error;
  const upstream = { service, status, requestId, url: originOf(url) };
  if (isLogin(error)) return fromRefusedLogin(error, cloud);
  const said = withoutSecrets(withoutValues(error.upstream), secrets);
  const kind = kinds[status] ?? 'cloud-failed';
  if (kind !== 'cloud-failed' && said !== '') {
    // Nova and Heat say it well; Keystone speaks of policies and numbers.
    return new OperationError(kind, service === 'Keystone' ? `Keystone: ${said}` : said, { upstream });
  }
  const message = `${service} of ${cloud} answered ${status}, an error of its own. Try again later; the administrator finds more in the log.`;
  return new OperationError(kind, message, { upstream: said === '' ? upstream : { ...upstream, said } });
}

const kinds: Readonly<Record<number, OperationErrorKind>> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'too-many-requests',
  429: 'too-many-requests',
};

function fromRefusedLogin(
  { service, status, requestId, url }: OpenStackError,
  cloud: string,
): OperationError {
  const upstream = { service, status, requestId };
  if (status === 401 || status === 403) {
    const message =
      'Keystone refuses these credentials: user, password or project is wrong; the user has no role in the project; or the user, the project or their domain is disabled.';
    return new OperationError('unauthorized', message, { upstream });
  }
  if (status === 429)
    return new OperationError('too-many-requests', 'Keystone asks for patience.', { upstream });
  return new OperationError(
    'cloud-failed',
    `Keystone of ${cloud} answered the login with ${status}, an error of its own. Try again later.`,
    { upstream: { ...upstream, url: originOf(url) } },
  );
}

/** Whether it was the login that was refused, and not what came after it. */
export function isLogin({ service, method, url }: OpenStackError): boolean {
  return service === 'Keystone' && method === 'POST' && url.endsWith('/auth/tokens');
}

/** Of `Invalid input for field 'password': 'hunter2' is too short` the part before the value. */
function withoutValues(text: string): string {
  const field = /^Invalid input for field[ /a-z]*'?([\w./-]+)/i.exec(text)?.[1];
  return field === undefined ? text : `${field} is not valid.`;
}

/** The text, or nothing of it when it contains a secret, also quoted or escaped. */
function withoutSecrets(text: string, secrets: readonly Secret[]): string {
  const shown = secrets.some((secret) =>
    spellings(secret.reveal()).some((spelling) => text.includes(spelling)),
  );
  return shown ? '' : text;
}

function spellings(secret: string): string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('\\', '\\\\'),
    encodeURIComponent(secret),
  ];
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
