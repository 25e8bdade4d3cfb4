/**
 * How the sandbox's page bears 500 racks with 10,000 devices: how soon they are seen, and how smoothly they scroll.
 *
 *     node scripts/bench/pages.ts [--devices 10000]
 */
import { parseArgs } from 'node:util';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { openPage, startChromium, whyNoChromium, wide } from '../../test/support/chromium.ts';
import { fillPortal } from '../../test/support/fill-portal.ts';
import { buildOlderPages } from '../build-pages.ts';

const { values } = parseArgs({ options: { devices: { type: 'string', default: '10000' } } });
const perRack = 20;
const racks = Math.ceil(Number(values.devices) / perRack);
/** As a brisk turn of the wheel, 40 px a frame, for four seconds; comes to the ms between frames. */
const scroll = `new Promise((done) => {
  const box = document.querySelector('.racks');
  const until = performance.now() + 4_000;
  const gaps = [];
  let last;
  const frame = (at) => {
    if (last !== undefined) gaps.push(at - last);
    last = at;
    box.scrollTop += 40;
    if (performance.now() < until) requestAnimationFrame(frame);
    else done(gaps);
  };
  requestAnimationFrame(frame);
})`;
const obstacle = whyNoChromium();
if (obstacle) throw new Error(`Nothing is measured: ${obstacle}.`);
await buildOlderPages();
await using sandbox = await startSandbox({
  release: '2023-08',
  projects: 50,
  stacks: racks,
  servers: perRack,
});
fillPortal(sandbox);

await using browser = await startChromium();
for (const size of ['small', 'large'] as const) {
  await using opened = await openPage(browser, sandbox.services.concertim.url, { viewport: wide });
  const { page } = opened;
  await page.locator('.device').first().waitFor();
  const seenMs = await page.evaluate<number>(
    `new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => seen(performance.now()))))`,
  );
  const paintMs = await page.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
  );
  // Few racks are shown large from the first.
  const other = page.getByRole('button', { name: size === 'large' ? 'Larger racks' : 'Smaller racks' });
  if ((await other.count()) > 0) await other.click();
  const gaps = await page.evaluate<number[]>(scroll);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  const sorted = gaps.toSorted((a, b) => a - b);
  console.log(
    [
      `${racks} racks, ${sandbox.portal.devices.size} devices, ${size}:`,
      `first paint ${Math.round(paintMs)} ms, devices seen ${Math.round(seenMs)} ms after the start;`,
      `scrolling ${((gaps.length * 1000) / total).toFixed(1)} frames a second,`,
      `95 % of them within ${sorted[Math.floor(sorted.length * 0.95)]?.toFixed(1)} ms,`,
      `${await page.locator('.device').count()} devices in the document`,
    ].join(' '),
  );
}
