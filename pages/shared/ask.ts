import { signal } from '@preact/signals';

/** What was last refused, for the reader; undefined once it is put away. */
export const refusal = signal<string | undefined>(undefined);

/** Reads JSON; undefined when it is not there. */
export async function read<T>(url: string): Promise<T | undefined> {
  const answer = await fetch(url).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as T) : undefined;
}

/** Sends a request for a change. What is refused is shown. @returns the answer; undefined when it was refused */
export async function ask<T>(url: string, body: object = {}): Promise<T | undefined> {
  refusal.value = undefined;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const said = (await answer.json()) as T & { error?: string; message?: string };
    if (answer.ok) return said;
    refusal.value = said.message ?? said.error ?? `The service refused this with status ${answer.status}.`;
  } catch {
    refusal.value = 'The service did not answer. Is the connection lost?';
  }
  return undefined;
}
