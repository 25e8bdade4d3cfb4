import { refusal } from './ask.ts';

/** What was refused, until the reader puts it away or something else is done. */
export function RefusalNote() {
  return (
    <div class="refusal" role="status">
      {refusal.value === undefined ? null : (
        <p>
          {refusal.value}{' '}
          <button
            type="button"
            class="button"
            onClick={() => {
              refusal.value = undefined;
            }}
          >
            Close
          </button>
        </p>
      )}
    </div>
  );
}
