import { batch, signal } from '@preact/signals';
import { render } from 'preact';
import type { ChangeView, StateView, ToldView } from '../../src/sandbox/view/wire.ts';
import '../shared/theme.css';
import { ConnectionBanner } from '../shared/connection-banner.tsx';
import { listen } from '../shared/live.ts';
import { RefusalNote } from '../shared/refusal-note.tsx';
import { changeCloud, clearCloud, flavors, openIfSmall } from './cloud/cloud.ts';
import { CloudSide } from './cloud/cloud-side.tsx';
import { Details } from './details/details.tsx';
import { Happenings } from './happenings.tsx';
import { Header, Sides, Toolbar } from './header.tsx';
import { changePortal, clearPortal, order } from './portal.ts';
import { densities, density } from './racks/layout.ts';
import { RackGrid } from './racks/rack-grid.tsx';
import './sandbox.css';
import { selected, side } from './selection.ts';
import { measured, tell } from './story.ts';

/** More racks than that are shown small. */
const fewRacks = 60;

const statusPage = signal<string | null>(null);
let isFirst = true;

function Page() {
  return (
    <div class={`page side-${side.value} ${selected.value ? 'with-details' : ''}`}>
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
      flavors.value = state.flavors;
      statusPage.value = state.statusPage;
      changeCloud(state);
      changePortal(state);
      if (!isFirst) return;
      isFirst = false;
      openIfSmall();
      const count = order.peek().reduce((sum, { racks }) => sum + racks.length, 0);
      if (count > fewRacks) density.value = densities.small;
    }),
  change: (change: ChangeView) =>
    batch(() => {
      changeCloud(change);
      changePortal(change);
      measured(change.lags);
    }),
  told: ({ told }: ToldView) => tell(told),
});
render(<Page />, document.body.querySelector('#page') ?? document.body);
