/** `npm run pictures`: takes the pictures of the documentation from the real pages, in a sandbox of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openPage, startChromium, whyNoChromium } from '../test/support/chromium.ts';
import { startWatchedSandbox } from '../test/support/watched-sandbox.ts';
import { buildPages } from './build-pages.ts';
import { root } from './command.ts';

const obstacle = whyNoChromium();
if (obstacle) throw new Error(`No pictures: ${obstacle}.`);
await buildPages();
const folder = join(root, 'docs/pictures');
mkdirSync(folder, { recursive: true });

await using watched = await startWatchedSandbox({
  seed: 11,
  projects: 3,
  stacks: 5,
  servers: 6,
  config: { updates: { interval: 5 }, metrics: { interval: 2 } },
});
await using browser = await startChromium();
const { sandbox, apiUrl } = watched;

/** Something of everything. */
const servers = [...sandbox.cloud.compute.servers()];
for (const [index, verb] of [
  [1, 'stop'],
  [4, 'pause'],
  [9, 'resize'],
  [13, 'stop'],
] as const) {
  const { id } = servers[index] ?? { id: '' };
  if (verb === 'resize') {
    const flavor = [...sandbox.cloud.compute.flavors.values()].find(
      (other) => other !== servers[index]?.flavor,
    );
    if (flavor) sandbox.cloud.compute.resizeServer(id, flavor);
  } else sandbox.cloud.compute.act(id, verb);
}
sandbox.cloud.compute.failServer(servers[7]?.id ?? '', 'The hypervisor does not answer.');

const size = { viewport: { width: 1280, height: 800 } } as const;
await using portal = await openPage(browser, sandbox.services.concertim.url, size);
await portal.page.locator('.device', { hasText: '%' }).nth(3).waitFor({ timeout: 60_000 });
await portal.page.locator('.device-FAILED').waitFor();
await take(portal.page, 'sandbox');

await using status = await openPage(browser, `${apiUrl}/ui/`, size);
await status.page.getByRole('heading', { name: /^In step/ }).waitFor();
// Some cycles, for there to be lines.
await status.page
  .getByRole('img', { name: /^Duration, ms: .* (?:[5-9]|\d\d) points/ })
  .waitFor({ timeout: 60_000 });
await take(status.page, 'status');

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
