import { computed, signal } from '@preact/signals';

/** Whether what is shown is the present: `since` in ms since 1970; `hasShown`: there was a connection before. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly since: number; readonly wasLost: boolean }
  | { readonly state: 'lost'; readonly since: number; readonly hasShown: boolean };

export const connection = signal<Connection>({ state: 'connecting' });

/** Nothing has arrived yet, so nothing is known: neither how many there are, nor that there are none. */
export const isUnknown = computed(() => {
  const current = connection.value;
  return current.state === 'connecting' || (current.state === 'lost' && !current.hasShown);
});

const retryMs = 1_000;
/** The server says something at least every 5 s: after so long a silence there is nobody. */
const silenceMs = 15_000;

/**
 * Listens to server-sent events for as long as the page is there, and tries again whenever the connection ends: what the
 * browser does by itself it gives up after an answer that is an error.
 */
export function listen(url: string, handlers: Readonly<Record<string, (data: never) => void>>): void {
  const source = new EventSource(url);
  let silence = setTimeout(lost, silenceMs);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(lost, silenceMs);
    const { state } = connection.peek();
    if (state !== 'live') connection.value = { state: 'live', since: Date.now(), wasLost: state === 'lost' };
  };
  function lost() {
    clearTimeout(silence);
    source.close();
    const { state } = connection.peek();
    if (state !== 'lost') connection.value = { state: 'lost', since: Date.now(), hasShown: state === 'live' };
    setTimeout(() => listen(url, handlers), retryMs);
  }
  source.addEventListener('error', lost);
  source.addEventListener('beat', heard);
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, ({ data }) => {
      handle(JSON.parse(data) as never);
      heard();
    });
  }
}
