import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, read } from '../../shared/ask.ts';
import { useKeptFocus } from '../../shared/kept-focus.ts';
import { StatusMark, statusLabel } from '../../shared/status-mark.tsx';
import { metrics, reading } from '../metrics.ts';
import { device, figures, rackContents } from '../portal.ts';
import { type Selection, selected } from '../selection.ts';
import { Fields } from './fields.tsx';
import { Power } from './power.tsx';

/** All that the portal has to say of what is selected, and its buttons. */
export function Details() {
  const selection = selected.value;
  return selection ? <Panel key={`${selection.kind} ${selection.id}`} selection={selection} /> : null;
}

function Panel({ selection }: { selection: Selection }) {
  const { kind, id } = selection;
  const [fields, setFields] = useState<Record<string, unknown>>();
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = device(id);
  const contents = rackContents(kind === 'rack' ? id : (shown?.rackId ?? 0));
  const object = kind === 'rack' ? contents?.rack : shown;

  // What is selected by keyboard is read out; the way back is Escape.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  // The buttons are others with each status.
  useKeptFocus(panel, () => heading.current);
  useEffect(() => {
    void read<Record<string, unknown>>(`./sandbox/${kind}s/${id}`).then(setFields);
  }, [kind, id, object]);

  return (
    <section
      class="details"
      aria-label="Details"
      ref={panel}
      onKeyDown={({ key }) => {
        if (key === 'Escape') close(selection);
      }}
    >
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {object ? <Breakable text={object.name} /> : `This ${kind} is gone`}
        </h2>
        <button type="button" class="button" aria-label="Close details" onClick={() => close(selection)}>
          ✕
        </button>
      </header>
      {object && (
        <>
          <p class="status">
            <StatusMark status={object.status} /> {statusLabel(object.status)}
          </p>
          <Power
            kind={kind === 'device' ? (shown?.shows ?? 'server') : 'rack'}
            status={object.status}
            request={(task) => void ask(`./sandbox/${kind}s/${id}/request_status_change`, { task })}
          />
          {kind === 'device' && shown?.shows === 'server' && <FigureList id={id} status={shown.status} />}
          {fields && <Fields fields={fields} />}
        </>
      )}
    </section>
  );
}

/** A long name breaks where it has a joint, not in the middle of a word. */
function Breakable({ text }: { text: string }) {
  const parts = text.split(/(?<=[.-])/);
  return parts.map((part, at) => (
    <Fragment key={parts.slice(0, at).join('')}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

function FigureList({ id, status }: { id: number; status: string }) {
  return (
    <dl class="figures">
      {metrics.map((metric) => {
        const read = reading(figures.get(id), metric, status);
        return (
          <div key={metric.name}>
            <dt>{metric.label}</dt>
            <dd>
              <span class="bar">{read && <span style={{ width: `${read.share * 100}%` }} />}</span>
              <span class="value">{read?.text ?? '–'}</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** Back to where the reader came from. */
function close({ kind, id }: Selection): void {
  selected.value = undefined;
  document.querySelector<HTMLElement>(`[data-${kind}="${id}"]`)?.focus();
}
