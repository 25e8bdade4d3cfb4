import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { barriers, narrow, openPage, startChromium, whyNoChromium, wide } from '../support/chromium.ts';
import { startWatchedSandbox, type WatchedSandbox } from '../support/watched-sandbox.ts';

const obstacle = whyNoChromium();

/**
 * Opens the page again, and makes its event stream neither answer nor fail.
 *
 * @returns a function that makes the stream fail from then on
 */
async function reloadWithoutEvents(page: Page): Promise<() => void> {
  const failure = Promise.withResolvers<void>();
  await page.route(/\/events$/, async (route) => {
    await failure.promise;
    await route.abort().catch(() => undefined);
  });
  await page.reload();
  return failure.resolve;
}

describe.skipIf(obstacle !== undefined)(
  `what the pages do not know${obstacle ? `: ${obstacle}` : ''}`,
  () => {
    let browser: Browser;
    let watched: WatchedSandbox;
    let sandboxUrl: string;
    let statusUrl: string;

    beforeAll(async () => {
      // Nothing sends figures, and nothing listens to notifications.
      [browser, watched] = await Promise.all([
        startChromium(),
        startWatchedSandbox({
          seed: 9,
          projects: 1,
          stacks: 1,
          servers: 2,
          pace: 0,
          components: ['updates_bulk', 'api'],
        }),
      ]);
      sandboxUrl = watched.sandbox.services.concertim.url;
      statusUrl = `${watched.apiUrl}/ui/`;
    }, 60_000);
    afterAll(async () => {
      await browser.close();
    });

    test('until the first status arrives the status page says that it loads, and shows no part', async () => {
      await using opened = await openPage(browser, statusUrl);
      const { page, problems } = opened;

      const fail = await reloadWithoutEvents(page);
      await page.getByRole('heading', { name: 'Loading…' }).waitFor();

      expect(await page.getByRole('region').count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
      expect(problems).toEqual([]);
      fail();
      await page.getByRole('heading', { name: 'Not known' }).waitFor();
      await page.getByText(/^No answer for \d+ s, trying again… Is the service running\?$/).waitFor();
    });

    test("until the first state arrives the sandbox's page counts nothing", async () => {
      await using opened = await openPage(browser, sandboxUrl);
      const { page } = opened;
      await page.locator('.device').first().waitFor();

      await reloadWithoutEvents(page);
      await page.getByText('Loading racks…').waitFor();

      const counts = await page.locator('.status-filter b').allTextContents();
      expect(counts).toEqual(['–', '–', '–', '–', '–']);
      expect(await page.locator('.lag').textContent()).toBe('Cloud → portal –');
      expect(await page.locator('.cloud .loading').textContent()).toBe('Loading…');
    });

    test('a figure that nobody has measured is –, never 0', async () => {
      await using opened = await openPage(browser, sandboxUrl);
      await using status = await openPage(browser, statusUrl);
      const servers = opened.page.locator('.device', { hasText: ', active, ' }).filter({ hasText: 'alces' });

      await servers.nth(1).waitFor();
      const values = await servers.locator('.value').allTextContents();
      await servers.first().click();
      const details = opened.page.locator('.details .figures .value');
      await details.first().waitFor();

      expect(values).toEqual(['–', '–']);
      expect(await details.allTextContents()).toEqual(['–', '–', '–', '–', '–']);
      for (const title of ['Delivery, ms', 'Duration, ms', 'Instances', 'Unknown figures'])
        await status.page.getByText(`${title} –`, { exact: true }).waitFor();
      await status.page.getByText('Drift is not known while nothing listens to notifications.').waitFor();
    });

    test('the documentation of this version is a link away, and its pages lead to each other', async () => {
      await using opened = await openPage(browser, statusUrl, { viewport: wide, colorScheme: 'dark' });
      const { page, problems } = opened;

      await page.getByRole('link', { name: 'Documentation', exact: true }).click();
      await page.getByRole('heading', { name: 'Documentation', exact: true }).waitFor();
      const first = await barriers(page);
      await page.getByRole('link', { name: 'docs/troubleshooting.md' }).last().click();
      await page.getByRole('heading', { name: 'Troubleshooting', exact: true }).waitFor();
      await page.setViewportSize(narrow);

      expect([...first, ...(await barriers(page))]).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(narrow.width);
      await page.getByRole('link', { name: 'Service status' }).click();
      await page.getByRole('heading', { name: /^In step since/ }).waitFor();
      expect(problems).toEqual([]);
    });

    // The last one: it ends the service.
    test('when the connection is lost the headline says since when nothing is known, and what was true before', async () => {
      await using opened = await openPage(browser, statusUrl);
      const { page } = opened;
      await page.getByRole('heading', { name: /^In step since/ }).waitFor();

      await watched[Symbol.asyncDispose]();
      await page.getByRole('heading', { name: /^Not known since \d/ }).waitFor();

      const headline = page.locator('.step');
      expect(await headline.getByText(/^Before that: in step since \d/).count()).toBe(1);
      expect(await headline.locator('.mark').getAttribute('class')).toBe('mark mark-STOPPED');
      expect(await headline.getByRole('button').count()).toBe(0);
      await page
        .getByText(/^Connection lost \d+ s ago, trying again… The page shows how it was at/)
        .waitFor();
      expect(await page.evaluate(`getComputedStyle(document.querySelector('main')).filter`)).toBe(
        'grayscale(1)',
      );
    });
  },
);
