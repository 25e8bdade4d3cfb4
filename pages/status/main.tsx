import { render } from 'preact';
import type { StatusView } from '../../src/api/status-page/wire.ts';
import '../shared/theme.css';
import { ConnectionBanner } from '../shared/connection-banner.tsx';
import { connection, listen } from '../shared/live.ts';
import { RefusalNote } from '../shared/refusal-note.tsx';
import { StatusMark } from '../shared/status-mark.tsx';
import { Doctor } from './doctor.tsx';
import { FigureCycles } from './figures.tsx';
import { Money } from './money.tsx';
import { Notifications } from './notifications.tsx';
import { Plan } from './plan.tsx';
import { Processes } from './processes.tsx';
import { Runs } from './runs.tsx';
import { isShut, latest, take } from './service.ts';
import { SignIn } from './sign-in.tsx';
import { Sources } from './sources.tsx';
import './status.css';
import { Step } from './step.tsx';

function Page() {
  const { state } = connection.value;
  return (
    <div class={`page is-${state}`}>
      {!isShut.value && <ConnectionBanner />}
      <header class="top">
        <h1>Concertim OpenStack service</h1>
        {!isShut.value && (
          <p class="live">
            <StatusMark status={state === 'live' ? 'ACTIVE' : state === 'lost' ? 'FAILED' : 'IN_PROGRESS'} />
            {state}
          </p>
        )}
        {latest.value && <Links portal={latest.value.portal} />}
      </header>
      <RefusalNote />
      <main>
        {isShut.value && <SignIn />}
        {!latest.value && !isShut.value && <Waiting />}
        {latest.value && (
          <>
            <Step />
            <div class="cards">
              <Runs />
              <Processes />
              <Notifications />
              <Sources />
              <Plan />
              <FigureCycles />
              <Money />
              <Doctor />
            </div>
          </>
        )}
      </main>
    </div>
  );
}

/** Before the first status. */
function Waiting() {
  const isLost = connection.value.state === 'lost';
  return (
    <section class={isLost ? 'step' : 'step step-IN_PROGRESS'} aria-live="polite">
      <h2>
        <StatusMark status={isLost ? 'unknown' : 'IN_PROGRESS'} /> {isLost ? 'Not known' : 'Loading…'}
      </h2>
      <p>{isLost ? 'The service has sent no status yet.' : 'Waiting for the first status of the service.'}</p>
    </section>
  );
}

function Links({ portal }: { portal: string }) {
  return (
    <nav class="links" aria-label="Elsewhere">
      <a href={portal}>Portal</a>
      <a href="../openapi.json">API description</a>
      <a href="./docs/#documentation">Documentation</a>
    </nav>
  );
}

/** An event source does not say why it was refused: this request does, and comes first. */
async function open(): Promise<void> {
  const answer = await fetch('./whether').catch(() => undefined);
  isShut.value = answer?.status === 401;
  if (!isShut.value) listen('./events', { status: (view: StatusView) => take(view) });
}

render(<Page />, document.body.querySelector('#page') ?? document.body);
void open();
