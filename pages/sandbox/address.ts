import { effect } from '@preact/signals';
import { statuses } from '../shared/status-mark.tsx';
import { filter } from './filter.ts';
import { device, rackContents } from './portal.ts';
import { selected } from './selection.ts';

/**
 * What is selected and filtered stands in the page's address, for links and bookmarks: `#rack=3`, `#device=12`,
 * `#search=render&status=FAILED`. What the address names and the portal does not have is left out.
 */
export function followAddress(): void {
  read();
  addEventListener('hashchange', read);
  effect(write);
}

function read(): void {
  const named = new URLSearchParams(location.hash.slice(1));
  const status = named.get('status') ?? '';
  filter.value = {
    search: named.get('search') ?? '',
    status: statuses.includes(status) ? status : undefined,
  };
  const rackId = Number(named.get('rack'));
  const deviceId = Number(named.get('device'));
  if (device(deviceId)) selected.value = { kind: 'device', id: deviceId };
  else selected.value = rackContents(rackId) && { kind: 'rack', id: rackId };
}

function write(): void {
  const named = new URLSearchParams();
  const { search, status } = filter.value;
  if (search !== '') named.set('search', search);
  if (status !== undefined) named.set('status', status);
  if (selected.value) named.set(selected.value.kind, String(selected.value.id));
  const hash = named.size > 0 ? `#${named}` : '';
  // No entry of its own in the browser's history: each letter of a search would be one.
  if (location.hash !== hash) history.replaceState(null, '', hash === '' ? location.pathname : hash);
}
