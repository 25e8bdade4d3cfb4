import { connection } from '../shared/live.ts';
import { duration, timeOfDay } from '../shared/now.ts';
import { StatusMark } from '../shared/status-mark.tsx';
import { PauseButton } from './pause.tsx';
import { processes, serviceNow, writer } from './service.ts';

/** The one thing that an operator wants to know. */
export function Step() {
  const { status, said, more } =
    connection.value.state === 'lost' ? unknownSince(connection.value) : verdict();
  return (
    <section class={`step step-${status}`} aria-labelledby="step-heading">
      <h2 id="step-heading">
        <StatusMark status={status} /> {said}
      </h2>
      <p>{more}</p>
      {writer.value && connection.value.state !== 'lost' && (
        <PauseButton isPaused={Boolean(writer.value.updates?.paused)} />
      )}
    </section>
  );
}

interface Verdict {
  readonly status: string;
  readonly said: string;
  readonly more: string;
}

/** Without a connection the last verdict may be out of date: it is shown with its time. */
function unknownSince({ since }: { readonly since: number }): Verdict {
  const { said, more } = verdict();
  return {
    status: 'STOPPED',
    said: `Not known since ${timeOfDay(since)}`,
    more: `Before that: ${said.charAt(0).toLowerCase()}${said.slice(1)}. ${more}`,
  };
}

function verdict(): Verdict {
  const process = writer.value;
  if (!process) {
    const names = processes.value.flatMap(({ components }) => components.map(({ component }) => component));
    return {
      status: 'STOPPED',
      said: 'Not known here',
      more: `This process runs ${names.join(', ')}. With observability.port set it hears what the others of its machine do.`,
    };
  }
  const paused = process.updates?.paused;
  if (paused) {
    return {
      status: 'SUSPENDED',
      said: `Paused since ${timeOfDay(Date.parse(paused.since))} (${duration(serviceNow.value - Date.parse(paused.since))})`,
      more: `${paused.reason === null ? '' : `Reason: ${paused.reason}. `}Nothing is written to the portal; the API and the figures go on.`,
    };
  }
  const failure = process.updates?.failure;
  const inStep = process.history?.inStep;
  if (!inStep) {
    return {
      status: failure ? 'FAILED' : 'IN_PROGRESS',
      said: failure ? 'Not in step' : 'Looking for the first time',
      more: failure?.why ?? 'Cloud and portal are being read.',
    };
  }
  const since = Date.parse(inStep.since);
  const last = process.updates?.lastFull;
  const looked = last ? `Last full run ${duration(serviceNow.value - Date.parse(last.startedAt))} ago.` : '';
  const for_ = `since ${timeOfDay(since)} (${duration(serviceNow.value - since)})`;
  if (!inStep.is) {
    const away = (process.updates?.clouds ?? []).flatMap(({ name, away }) =>
      away ? [awayFor(name, away)] : [],
    );
    return {
      status: 'FAILED',
      said: `Not in step ${for_}`,
      more: away.length > 0 ? away.join(' ') : (inStep.because ?? ''),
    };
  }
  const waiting = process.updates?.backlog ?? 0;
  const more = waiting > 0 ? `${looked} ${waiting} objects wait to be reconciled.` : looked;
  return { status: 'ACTIVE', said: `In step ${for_}`, more };
}

function awayFor(name: string, { since, why }: { readonly since: string; readonly why: string }): string {
  const at = Date.parse(since);
  return `Cloud ${name} not read since ${timeOfDay(at)} (${duration(serviceNow.value - at)}): ${why}`;
}
