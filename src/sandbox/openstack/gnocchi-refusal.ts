import { Refusal } from './refusal.ts';

/** Gnocchi says no with a text or with an object that tells cause and detail. */
export class GnocchiRefusal extends Refusal {
  readonly description: unknown;

  constructor(status: number, description: unknown) {
    super(status, typeof description === 'string' ? description : JSON.stringify(description));
    this.description = description;
  }
}
