import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  barriers,
  narrow,
  openPage,
  picture,
  startChromium,
  wall,
  whyNoChromium,
  wide,
} from '../support/chromium.ts';
import { pageToken, startSeparateProcesses } from '../support/separate-processes.ts';
import { startWatchedSandbox, type WatchedSandbox } from '../support/watched-sandbox.ts';

const obstacle = whyNoChromium();

describe.skipIf(obstacle !== undefined)(`the status page${obstacle ? `: ${obstacle}` : ''}`, () => {
  let browser: Browser;
  let watched: WatchedSandbox;

  beforeAll(async () => {
    [browser, watched] = await Promise.all([
      startChromium(),
      startWatchedSandbox({
        seed: 7,
        projects: 1,
        stacks: 2,
        servers: 3,
        pace: 0,
        rating: 'v2',
        config: { updates: { interval: 1 }, metrics: { interval: 1 } },
      }),
    ]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await watched[Symbol.asyncDispose]();
  });

  test('it says that all is in step, what runs, and what was changed', async () => {
    await using opened = await openPage(browser, `${watched.apiUrl}/ui`);
    const { page, problems } = opened;

    await page.getByRole('heading', { name: /^In step since \d/ }).waitFor();
    const runs = page.getByRole('region', { name: 'Last runs' });
    await runs
      .getByText('2 changes')
      .or(runs.getByText(/\d+ more/))
      .first()
      .waitFor();
    const components = await page.getByRole('region', { name: 'Components' }).innerText();
    const sources = await page.getByRole('region', { name: 'Sources' }).innerText();

    const money = page.getByRole('region', { name: 'Money' });
    await money.getByText(/^\d+\.\d\d of 1 owner$/).waitFor();

    for (const name of ['updates_bulk', 'updates_mq', 'metrics', 'api']) expect(components).toContain(name);
    expect(components).toMatch(/Process \d+ writes to the portal/);
    for (const name of ['Keystone', 'Nova', 'Heat', 'Concertim']) expect(sources).toContain(name);
    expect(problems).toEqual([]);
  });

  test('a change of the cloud is reported in words, a moment after it was made', async () => {
    await using opened = await openPage(browser, `${watched.apiUrl}/ui/`);
    const { page } = opened;
    const [server] = watched.sandbox.cloud.compute.servers();
    await page.getByRole('heading', { name: /^In step/ }).waitFor();

    watched.sandbox.cloud.compute.act(server?.id ?? '', 'pause');

    const name = server?.name.replace(/[^A-Za-z0-9-]/g, '-') ?? '';
    await page.getByText(`device ${name} changed: `).first().waitFor();
    const notifications = page.getByRole('region', { name: 'Notifications' });
    await notifications
      .getByText(/Listening; \d+ received, the last .* ago, delivered after \d+ ms/)
      .waitFor();
    await notifications.getByRole('img', { name: /^Delivery, ms: \d+ to \d+/ }).waitFor();
  });

  test('what the portal refuses is reported, and the portal is not called in step until it takes it', async () => {
    await using opened = await openPage(browser, `${watched.apiUrl}/ui/`);
    const { page } = opened;
    const [, server] = watched.sandbox.cloud.compute.servers();
    const { faults } = watched.sandbox;
    faults.add({ service: 'concertim', method: 'PATCH', kind: 'answer', status: 422, body: '{}' });

    watched.sandbox.cloud.compute.act(server?.id ?? '', 'pause');
    await page.getByRole('heading', { name: /^Not in step since/ }).waitFor();
    await page
      .getByText(/not changed: .*422/)
      .first()
      .waitFor();
    faults.clear();

    await page.getByRole('heading', { name: /^In step since/ }).waitFor();
  });

  test('plan and doctor look when their button is pressed', async () => {
    await using opened = await openPage(browser, `${watched.apiUrl}/ui/`);
    const { page, problems } = opened;

    await page.getByRole('button', { name: 'What would a run change now?' }).click();
    await page.getByText('in step, nothing to change').waitFor();
    await page.getByRole('button', { name: 'Examine' }).click();
    await page.getByText('keystone.sign-in').waitFor();

    expect(problems).toEqual([]);
  });

  test.each([
    { what: 'light and wide', viewport: wide, colorScheme: 'light' },
    { what: 'dark and wide', viewport: wide, colorScheme: 'dark' },
    { what: 'light on a telephone', viewport: narrow, colorScheme: 'light' },
    { what: 'dark on a telephone', viewport: narrow, colorScheme: 'dark' },
    { what: 'light on a wall', viewport: wall, colorScheme: 'light' },
    { what: 'dark on a wall', viewport: wall, colorScheme: 'dark' },
  ] as const)('nobody is shut out: $what', async ({ what, viewport, colorScheme }) => {
    await using opened = await openPage(browser, `${watched.apiUrl}/ui/`, { viewport, colorScheme });
    const { page, problems } = opened;
    await page.getByRole('button', { name: 'Examine' }).click();
    await page.getByText('keystone.sign-in').waitFor();

    await picture(page, `status, ${what}`);
    const found = await barriers(page);

    expect(found, found.join('\n')).toEqual([]);
    expect(problems).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
  });

  test('processes of one machine are shown together: who writes, who stands by, who hears nothing, who is missed', async () => {
    await using processes = await startSeparateProcesses();
    await using opened = await openPage(browser, `${processes.apiUrl}/ui/`);
    const { page, problems } = opened;
    await page.getByLabel(/^Token/).fill(pageToken);
    await page.getByRole('button', { name: 'Open' }).click();
    const components = page.getByRole('region', { name: 'Components' });
    await page.getByRole('heading', { name: /^In step since/ }).waitFor();
    for (const pid of Object.values(processes.pids))
      await components.getByText(`Process ${pid}, version`).waitFor();
    await page.getByText(/^The last cycle sent \d+ figures/).waitFor();
    await components.getByText(/^Process \d+ writes to the portal\. Process \d+ is on standby\.$/).waitFor();
    await page
      .getByRole('region', { name: 'Notifications' })
      .getByText(/NOT listening/)
      .waitFor();
    const sources = await page.getByRole('region', { name: 'Sources' }).innerText();

    await processes.end('metrics');
    await components.getByText('metrics does not run here, or does not answer.').waitFor();

    for (const name of ['Concertim', 'Gnocchi', 'Nova']) expect(sources).toContain(name);
    expect(await components.getByText(`Process ${processes.pids.metrics}, version`).count()).toBe(0);
    // The page learns that it needs a token by a refusal.
    expect(problems).toEqual([expect.stringContaining('401')]);
  }, 60_000);

  test('with a token it is requested once, and what is wrong is refused', async () => {
    await using guarded = await startWatchedSandbox({
      projects: 1,
      stacks: 1,
      servers: 1,
      config: { api: { ui_token: 'let-me-in-please' } },
    });
    await using opened = await openPage(browser, `${guarded.apiUrl}/ui/`);
    const { page } = opened;

    await page.getByLabel(/^Token/).fill('something else');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText(/^Wrong token\. /).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel(/^Token/).fill('let-me-in-please');
    await page.getByRole('button', { name: 'Open' }).click();

    await page.getByRole('heading', { name: /^In step since/ }).waitFor();
  });
});
