import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Server } from '../../src/sandbox/cloud/compute.ts';
import { openPage, startChromium, whyNoChromium } from '../support/chromium.ts';
import { startWatchedSandbox, type WatchedSandbox } from '../support/watched-sandbox.ts';

const obstacle = whyNoChromium();
/** Of each plot of the cycles, how much of it has the colour of its line: the light theme's `--accent`. */
const linePixels = `[...document.querySelectorAll('.plots canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === 0x1b && data[at + 1] === 0x5c && data[at + 2] === 0xbf) count++;
  return count;
})`;

describe.skipIf(obstacle !== undefined)(
  `the status page when something is wrong${obstacle ? `: ${obstacle}` : ''}`,
  () => {
    let browser: Browser;
    let watched: WatchedSandbox;

    beforeAll(async () => {
      [browser, watched] = await Promise.all([
        startChromium(),
        startWatchedSandbox({
          release: 'main',
          seed: 8,
          projects: 2,
          stacks: 4,
          servers: 3,
          pace: 0,
          config: { updates: { interval: 1 }, metrics: { interval: 1 } },
        }),
      ]);
    }, 60_000);
    afterEach(() => watched.sandbox.faults.clear());
    afterAll(async () => {
      await browser.close();
      await watched[Symbol.asyncDispose]();
    });

    /** The page, once it says that all is in step, and its parts by their headings. */
    async function openInStep() {
      const opened = await openPage(browser, `${watched.apiUrl}/ui/`);
      const { page } = opened;
      await page.getByRole('heading', { name: /^In step since/ }).waitFor();
      return Object.assign(opened, { part: (name: string) => page.getByRole('region', { name }) });
    }

    const server = (number: number) => [...watched.sandbox.cloud.compute.servers()][number] as Server;
    const deviceName = ({ name }: Server) => name;

    test('a change that nothing announced is drift, counted and named', async () => {
      await using opened = await openInStep();
      const { part } = opened;
      await part('Notifications')
        .getByText(/^No drift/)
        .waitFor();

      watched.sandbox.faults.add({
        service: 'nova',
        path: /servers\/detail/,
        kind: 'rewrite',
        rewrite: (body) => JSON.parse(JSON.stringify(body).replace(server(0).name, 'renamed')) as unknown,
      });

      await part('Notifications').getByText('Drift: 1 change of the cloud without a notification.').waitFor();
      await part('Last runs')
        .getByText(`device ${deviceName(server(0))}: changed in the cloud, and nothing announced it`)
        .waitFor();
    });

    test('what vanishes without a trace stays, and the page asks whether this is the right cloud', async () => {
      await using opened = await openInStep();
      const { page, part } = opened;
      const { faults, portal } = watched.sandbox;
      const before = portal.devices.size;
      const json = { 'content-type': 'application/json' };
      faults.add({
        service: 'nova',
        path: /servers\/detail/,
        kind: 'rewrite',
        rewrite: (body) => ({ ...(body as object), servers: [] }),
      });
      faults.add({
        service: 'nova',
        path: /\/servers\/[0-9a-f]{8}-/,
        kind: 'answer',
        status: 404,
        headers: json,
        body: '{"itemNotFound":{"code":404,"message":"no"}}',
      });

      await page.getByRole('heading', { name: /^Not in step since/ }).waitFor();
      const refused = part('Last runs').getByText(/12 of 12 devices are missing from OpenStack/);
      await refused.waitFor();
      const writer = part('Components').getByRole('row', { name: /^updates_bulk deletions refused/ });
      expect(await writer.locator('.mark').getAttribute('class')).toBe('mark mark-SUSPENDED');
      await page.getByRole('button', { name: 'What would a run change now?' }).click();
      await part('Plan')
        .getByText(/12 of 12 devices are missing from OpenStack .*Is this the right cloud/)
        .waitFor();
      faults.clear();

      await page.getByRole('heading', { name: /^In step since/ }).waitFor();
      expect(portal.devices.size).toBe(before);
    });

    test('the plan names what differs, and how', async () => {
      await using opened = await openInStep();
      const { page, part } = opened;
      watched.sandbox.faults.add({
        service: 'concertim',
        method: 'PATCH',
        kind: 'answer',
        status: 422,
        body: '{}',
      });
      watched.sandbox.cloud.compute.act(server(1).id, 'pause');
      await page.getByRole('heading', { name: /^Not in step since/ }).waitFor();

      await page.getByRole('button', { name: 'What would a run change now?' }).click();

      await part('Plan').getByText(': 0 to create, 1 to change, 0 to delete, 0 held.').waitFor();
      await part('Plan')
        .getByText(
          new RegExp(
            `update device ${deviceName(server(1))} in rack .+: it differs from its server \\(status\\)`,
          ),
        )
        .waitFor();
    });

    test('a long plan is folded by owner, and filtered by kind', async () => {
      await using opened = await openInStep();
      const { page, part } = opened;
      const { cloud, faults, portal } = watched.sandbox;
      faults.add({ service: 'concertim', method: 'PATCH', kind: 'answer', status: 422, body: '{}' });
      for (const { id, vmState } of cloud.compute.servers())
        cloud.compute.act(id, vmState === 'paused' ? 'unpause' : 'pause');
      const other = portal.users.all().find(({ login }) => login === 'user2');
      const isTheirs = ({ projectId }: { readonly projectId: string }) => projectId === other?.project_id;
      const volume = [...cloud.blockStorage.volumes()].find(isTheirs);
      if (volume) cloud.blockStorage.changeVolume(volume.id, { status: 'error' });
      const network = [...cloud.networking.networks.values()].find(isTheirs);
      if (network) cloud.networking.changeNetwork(network.id, { adminStateUp: false });
      const edited = portal.racks.all().find(({ user_id: owner }) => owner === other?.id);
      if (edited) portal.racks.update(edited.id, { status: 'FAILED' });
      await page.getByRole('heading', { name: /^Not in step since/ }).waitFor();

      await page.getByRole('button', { name: 'What would a run change now?' }).click();
      const folded = page.getByText('Owner user1_team: 6 changes', { exact: true });
      await folded.waitFor();
      const line = page.locator('details', { has: folded }).locator('li').first();
      const isHidden = await line.isHidden();
      await folded.click();

      expect(isHidden).toBe(true);
      await line.waitFor();

      await page.getByText('Owner user2_team: 9 changes', { exact: true }).waitFor();
      const kinds = part('Plan').getByRole('combobox', { name: 'Show' });
      const listed = part('Plan').locator('details li');
      await kinds.selectOption('racks');
      await listed.getByText(`update rack ${edited?.name}`).waitFor();
      expect(await listed.count()).toBe(1);
      for (const kind of ['volume', 'network']) {
        await kinds.selectOption(`${kind}s`);
        await listed.getByText(`differs from its ${kind} (`).waitFor();
        expect(await listed.count()).toBe(1);
      }
      await kinds.selectOption('servers');
      await page.getByText('Owner user2_team: 6 changes', { exact: true }).waitFor();
      expect(await listed.count()).toBe(12);
    });

    test('a Heat that does not answer is seen in every part that stands on it', async () => {
      await using opened = await openInStep();
      const { page, part } = opened;

      watched.sandbox.faults.add({ service: 'heat', kind: 'answer', status: 503 });
      await page.getByRole('heading', { name: /^Not in step since/ }).waitFor();
      await page
        .locator('.step')
        .getByText(/Heat.*503/)
        .waitFor();
      await part('Sources')
        .getByRole('row', { name: /^Heat .*ago .*ago \(503\)/ })
        .waitFor();
      await part('Components')
        .getByRole('row', { name: /^updates_bulk .*Heat/ })
        .waitFor();
      const marks = part('Components')
        .getByRole('row', { name: /^updates_bulk / })
        .locator('.mark');
      expect(await marks.getAttribute('class')).toBe('mark mark-SUSPENDED');
      await page.getByRole('button', { name: 'Examine' }).click();
      await part('Doctor')
        .getByText(/^heat error/)
        .waitFor();
      await page.getByRole('button', { name: 'What would a run change now?' }).click();
      await page
        .locator('.refusal')
        .getByText(/Heat.*503/)
        .waitFor();
      watched.sandbox.faults.clear();

      await page.getByRole('heading', { name: /^In step since/ }).waitFor();
    });

    test('cycles without Gnocchi are reported as they were, in words and in plots', async () => {
      await using opened = await openInStep();
      const { page, part } = opened;
      const cycles = part('Metrics cycles');
      await cycles.getByText(/12 instances .*, 0 failed, /).waitFor();

      watched.sandbox.faults.add({ service: 'gnocchi', kind: 'answer', status: 503 });
      await cycles.getByText(/, [1-9]\d* failed, /).waitFor();
      await part('Sources')
        .getByRole('row', { name: /^Gnocchi .*\(503\)/ })
        .waitFor();
      await cycles.getByText(/^Missing figures by reason: \d+ unread/).waitFor();
      const painted = await page.evaluate(linePixels);

      expect(painted).toEqual([1, 2, 3].map(() => expect.toSatisfy((pixels: number) => pixels > 20)));
      for (const name of ['Duration, ms', 'Instances', 'Unknown figures'])
        expect(
          await cycles.getByRole('img', { name: new RegExp(`^${name}: \\d+ to \\d+, \\d+ points`) }).count(),
        ).toBe(1);
    });
  },
);
