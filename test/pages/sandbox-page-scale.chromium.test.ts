import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { openPage, startChromium, whyNoChromium, wide } from '../support/chromium.ts';
import { fillPortal } from '../support/fill-portal.ts';

const obstacle = whyNoChromium();
/** What is in sight of a screen as large as `wide`, and somewhat more above and below. */
const mostElements = 6_000;

const elements = `document.querySelectorAll('*').length`;
const box = `document.querySelector('.racks')`;
const scrollTop = `${box}.scrollTop`;
const isAtEnd = `${box}.scrollTop + ${box}.clientHeight >= ${box}.scrollHeight - 1`;
const isRackInSight = `[...document.querySelectorAll('.rack')].some((rack) => {
  const { top, bottom } = rack.getBoundingClientRect();
  const sight = ${box}.getBoundingClientRect();
  return top < sight.bottom && bottom > sight.top;
})`;

describe.skipIf(obstacle !== undefined)(
  `the sandbox's page with 10,000 devices${obstacle ? `: ${obstacle}` : ''}`,
  () => {
    let browser: Browser;
    let sandbox: Sandbox;
    let url: string;

    beforeAll(async () => {
      [browser, sandbox] = await Promise.all([
        startChromium(),
        startSandbox({ release: '2023-08', projects: 50, stacks: 500, servers: 20 }),
      ]);
      fillPortal(sandbox);
      url = sandbox.services.concertim.url;
    }, 60_000);
    afterAll(async () => {
      await browser.close();
      await sandbox.close();
    });

    async function open(hash = '') {
      const opened = await openPage(browser, url + hash, { viewport: wide });
      await opened.page.locator('.device').first().waitFor({ timeout: 30_000 });
      return opened;
    }
    const devices = () => sandbox.portal.devices.all();

    test('what is in the document is what is in sight, from the first rack to the last', async () => {
      await using opened = await open();
      const { page, problems } = opened;

      const counted = await page.getByRole('button', { name: 'active', exact: false }).first().innerText();
      const counts = [await page.evaluate<number>(elements)];
      await page.mouse.move(wide.width / 2, wide.height / 2);
      while (counts.length < 200 && !(await page.evaluate<boolean>(isAtEnd))) {
        const top = await page.evaluate<number>(scrollTop);
        await page.mouse.wheel(0, wide.height / 2);
        // From here: beside other work Chromium may leave a script that waits for a frame without one.
        const isShown = () => page.evaluate<boolean>(`${scrollTop} !== ${top} && ${isRackInSight}`);
        await expect.poll(isShown, { interval: 20, timeout: 8_000 }).toBe(true);
        counts.push(await page.evaluate<number>(elements));
      }
      const last = sandbox.portal.racks.all().at(-1);

      expect(counted.replaceAll(/\s+/g, ' ').trim()).toBe('active 10000');
      expect(Math.max(...counts)).toBeLessThan(mostElements);
      expect(counts.length).toBeGreaterThan(5);
      await page.locator(`[data-rack="${last?.id}"]`).waitFor();
      expect(problems).toEqual([]);
    });

    test('racks are small, and a name is on hover, in the label and in the search', async () => {
      const device = devices()[7_654];
      await using opened = await open();
      const { page } = opened;
      await page.getByRole('button', { name: 'Larger racks' }).waitFor();
      const shown = page.locator('.device').first();
      const [title, label] = [await shown.getAttribute('title'), await shown.getAttribute('aria-label')];
      const name = sandbox.portal.devices.get(Number(await shown.getAttribute('data-device')))?.name;

      await page.getByRole('searchbox').fill(String(device?.metadata['openstack_instance_id']));
      await page.getByText('1 match', { exact: true }).waitFor();
      await page.getByRole('searchbox').press('Enter');
      await page.getByRole('heading', { name: device?.name ?? '', exact: true }).waitFor();

      expect(title).toContain(name);
      expect(label).toContain(name);
      expect(await page.locator('.rack').count()).toBe(1);
      expect(new URL(page.url()).hash).toContain(`device=${device?.id}`);
    });

    test('a status leaves its racks, a link leads to the last device, and both are in few elements', async () => {
      const failed = [...sandbox.cloud.compute.servers()].filter((_, at) => at % 2_500 === 40);
      for (const device of devices()) {
        if (failed.some(({ id }) => id === device.metadata['openstack_instance_id']))
          sandbox.portal.devices.update(device.id, { status: 'FAILED' });
      }
      const last = devices().at(-1);
      await using opened = await open(`/#device=${last?.id}`);
      const { page } = opened;
      await page.getByRole('heading', { name: last?.name ?? '', exact: true }).waitFor();
      await page.locator(`[data-device="${last?.id}"]`).waitFor();

      await page.getByRole('button', { name: /^failed 4/ }).click();
      await page.getByText('4 matches', { exact: true }).waitFor();

      expect(failed).toHaveLength(4);
      expect(await page.locator('.rack').count()).toBe(4);
      expect(await page.locator('.device:not(.dimmed)').count()).toBe(4);
      expect(await page.evaluate<number>(elements)).toBeLessThan(mostElements);
    });
  },
);
