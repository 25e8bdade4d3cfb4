/** What a validation finds wrong: Rails' code with its options, and the message that people see. */
export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export const blank: Complaint = { code: 'blank', message: "can't be blank" };
export const taken: Complaint = { code: 'taken', message: 'has already been taken' };

/** A complaint that has no code of its own: its message stands for it. */
export function said(message: string): Complaint {
  return { code: message, message };
}

export function tooLong(count: number): Complaint {
  return { code: 'too_long', message: `is too long (maximum is ${count} characters)`, options: { count } };
}

export function badFormat(value: string, message: string): Complaint {
  return { code: 'invalid', message, options: { value } };
}

export function notIncluded(
  value: unknown,
  message: string,
  options: Readonly<Record<string, unknown>> = {},
): Complaint {
  return { code: 'inclusion', message, options: { ...options, value: value ?? null } };
}

/** Complaints by attribute, in the order in which they were made. */
export class Complaints {
  readonly #byField = new Map<string, Complaint[]>();

  add(field: string, ...complaints: readonly Complaint[]): void {
    if (complaints.length > 0) this.#byField.set(field, [...(this.#byField.get(field) ?? []), ...complaints]);
  }

  get none(): boolean {
    return this.#byField.size === 0;
  }

  /** As every endpoint but one gives them. */
  messages(): Record<string, string[]> {
    return this.#each(({ message }) => message);
  }

  /** As `POST /api/v1/nodes` gives them. */
  codes(): Record<string, object[]> {
    return this.#each(({ code, options }) => ({ error: code, ...options }));
  }

  #each<T>(form: (complaint: Complaint) => T): Record<string, T[]> {
    return Object.fromEntries([...this.#byField].map(([field, list]) => [field, list.map(form)]));
  }
}
