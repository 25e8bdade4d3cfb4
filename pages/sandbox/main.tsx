import { batch, signal } from '@preact/signals';
import { render } from 'preact';
import type { ChangeView, StateView } from '../../src/sandbox/view/wire.ts';
import '../shared/theme.css';
import { ConnectionBanner } from '../shared/connection-banner.tsx';
import { connection, listen } from '../shared/live.ts';
import { RefusalNote } from '../shared/refusal-note.tsx';
import { followAddress } from './address.ts';
import { changeCloud, clearCloud, clouds, openIfSmall } from './cloud/cloud.ts';
import { CloudSide } from './cloud/cloud-side.tsx';
import { Details } from './details/details.tsx';
import { Happenings } from './happenings.tsx';
import { Header, Sides, Toolbar } from './header.tsx';
import { changePortal, clearPortal } from './portal.ts';
import { RackGrid } from './racks/rack-grid.tsx';
import './sandbox.css';
import { selected, side } from './selection.ts';
import { addHappening, measured, remember } from './story.ts';

const statusPage = signal<string | null>(null);
let isFirst = true;

function Page() {
  return (
    <div
      class={`page side-${side.value} ${selected.value ? 'with-details' : ''} is-${connection.value.state}`}
    >
      <ConnectionBanner />
      <Header statusPage={statusPage.value} />
      <RefusalNote />
      <Sides />
      <main>
        <section class="portal" aria-labelledby="portal-heading">
          <h2 id="portal-heading" class="hidden">
            Portal
          </h2>
          <Toolbar />
          <RackGrid />
        </section>
        <Details />
        <CloudSide />
        <Happenings />
      </main>
    </div>
  );
}

listen('./sandbox/events', {
  state: (state: StateView) =>
    batch(() => {
      clearPortal();
      clearCloud();
      clouds.value = state.clouds;
      statusPage.value = state.statusPage;
      changeCloud(state);
      changePortal(state);
      remember(state.happened);
      if (!isFirst) return;
      isFirst = false;
      openIfSmall();
      followAddress();
    }),
  change: (change: ChangeView) =>
    batch(() => {
      changeCloud(change);
      changePortal(change);
      measured(change.lags);
    }),
  happening: addHappening,
});
render(<Page />, document.body.querySelector('#page') ?? document.body);
