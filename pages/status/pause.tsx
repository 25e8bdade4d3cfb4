import { signal } from '@preact/signals';
import type { PauseView } from '../../src/api/status-page/wire.ts';
import { ask } from '../shared/ask.ts';

const isAsking = signal(false);

async function change(url: './pause' | './resume'): Promise<void> {
  if (isAsking.peek()) return;
  isAsking.value = true;
  await ask<PauseView>(url);
  isAsking.value = false;
}

/** Pauses or resumes writing to the portal; the next status shows it. */
export function PauseButton({ isPaused }: { isPaused: boolean }) {
  return (
    <p>
      <button
        type="button"
        class="button"
        aria-disabled={isAsking.value}
        onClick={() => void change(isPaused ? './resume' : './pause')}
      >
        {isPaused ? 'Resume writing to the portal' : 'Pause writing to the portal'}
      </button>
    </p>
  );
}
