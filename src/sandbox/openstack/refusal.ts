/** What an OpenStack service says no with. Each service has its own form for it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Python's name of the error, which Heat tells. */
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What Keystone adds to some. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    message: string,
    options: {
      type?: string;
      headers?: Readonly<Record<string, string>>;
      details?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.type = options.type ?? `HTTP${titles[status]?.replaceAll(' ', '') ?? 'InternalServerError'}`;
    this.headers = options.headers ?? {};
    this.details = options.details ?? {};
  }
}

/** The reason phrases, by status. */
export const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** The sandbox does not do what the real service does: said aloud, so that nobody builds on a silence. */
export function notInSandbox(what: string): Refusal {
  return new Refusal(501, `The sandbox does not ${what}. See docs/sandbox-differences.md.`);
}
