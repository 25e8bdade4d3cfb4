import { signal } from '@preact/signals';

/** Ms since 1970, a new value every second. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 1_000);

/** `12 s`, `3 min`, `2 h`, `4 days` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** `12:00:08`, in the reader's own time. */
export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}
