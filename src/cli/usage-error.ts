import { ServiceError } from '../runtime/severity.ts';

/** The command line asks for something that does not exist. */
export class UsageError extends ServiceError {
  override readonly name = 'UsageError';

  constructor(message: string, hint: string) {
    super(message, { severity: 'fatal', hint });
  }
}
