import { ServiceError } from '../runtime/severity.ts';
import { OperationError } from './operation-error.ts';

/** What one call has made, so that it can be taken back. */
export class Made {
  readonly #things: { readonly name: string; readonly remove: () => Promise<void> }[] = [];

  add(name: string, remove: () => Promise<void>): void {
    this.#things.push({ name, remove });
  }

  /** Removes it all, the latest first. @returns what is left nevertheless */
  async takeBack(): Promise<string[]> {
    const left: string[] = [];
    for (const { name, remove } of this.#things.toReversed()) {
      try {
        await remove();
      } catch {
        left.push(name);
      }
    }
    return left;
  }
}

/** The error, with what could not be taken back. */
export function withLeftovers(error: unknown, left: readonly string[]): unknown {
  if (left.length === 0 || !(error instanceof ServiceError)) return error;
  const message = `${error.message} Left behind: ${left.join(', ')}; a repeat goes on from there.`;
  const kind = error instanceof OperationError ? error.kind : 'cloud-failed';
  return new OperationError(
    kind,
    message,
    error instanceof OperationError ? { upstream: error.upstream } : {},
  );
}
