import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Server } from '../../src/sandbox/cloud/compute.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import {
  barriers,
  laptop,
  narrow,
  openPage,
  picture,
  startChromium,
  wall,
  whyNoChromium,
  wide,
} from '../support/chromium.ts';
import { startWatchedSandbox, type WatchedSandbox } from '../support/watched-sandbox.ts';

const obstacle = whyNoChromium();

/** As the daemon takes it. */
const cpu = (share: number) =>
  ({
    name: 'os.instance.cpu_utilization',
    type: 'double',
    value: share,
    units: '%',
    slope: 'both',
    ttl: 60,
  }) as const;

describe.skipIf(obstacle !== undefined)(`the sandbox's page${obstacle ? `: ${obstacle}` : ''}`, () => {
  let browser: Browser;
  let watched: WatchedSandbox;
  let url: string;

  beforeAll(async () => {
    [browser, watched] = await Promise.all([
      startChromium(),
      startWatchedSandbox({ seed: 3, projects: 3, stacks: 6, servers: 4, pace: 0.2 }),
    ]);
    url = watched.sandbox.services.concertim.url;
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await watched[Symbol.asyncDispose]();
  });

  /** A server that nothing is being done to, by its number among them. */
  const serverNumber = (number: number): Server => {
    const active = [...watched.sandbox.cloud.compute.servers()].filter(
      ({ vmState, taskState }) => vmState === 'active' && taskState === null,
    );
    return active.at(number) as Server;
  };
  const deviceOf = (page: Page, { id }: Server) => {
    const device = watched.sandbox.portal.devices
      .all()
      .find(({ metadata }) => metadata['openstack_instance_id'] === id);
    return page.locator(`[data-device="${device?.id}"]`);
  };
  const rowOf = (page: Page, { id }: { readonly id: string }) => page.locator(`[data-id="${id}"]`);

  test('the seeded racks are there, each owner by name, each device at its units', async () => {
    await using opened = await openPage(browser, url);
    const { page, problems } = opened;
    const { portal } = watched.sandbox;

    await page
      .locator('.device')
      .nth(portal.devices.size - 1)
      .waitFor({ state: 'attached' });
    const captions = await page.locator('.caption').allInnerTexts();
    const labels = (await page.locator('.device').allTextContents()).map((text) =>
      text.split(', ').slice(0, 3).join(', '),
    );

    const places = portal.devices
      .all()
      .map(
        ({ name, start_u, end_u }) =>
          `${name}, active, U${start_u}${end_u === start_u ? '' : ` to ${end_u}`}`,
      );
    expect([...new Set(captions)]).toEqual(['user1', 'user2', 'user3']);
    expect(labels.toSorted()).toEqual(places.toSorted());
    expect(await page.locator('.rack').first().getAttribute('aria-label')).toMatch(
      /^Rack .+, active, 4 devices$/,
    );
    expect(problems).toEqual([]);
  });

  test('a server stopped in the cloud changes on its rack within a second', { retry: 2 }, async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const server = serverNumber(0);
    await rowOf(page, server).click();

    await page.locator('.actions').getByRole('button', { name: 'Stop' }).click();
    const startedAt = performance.now();
    await deviceOf(page, server).filter({ hasText: ', stopped, ' }).waitFor();
    const ms = performance.now() - startedAt;

    expect(ms).toBeLessThan(1_000);
    expect(await page.locator('.lag').innerText()).toMatch(/Cloud → portal \d+ ms/);
  });

  test('a power button asks the service, and the cloud follows', async () => {
    await using opened = await openPage(browser, url);
    const { page, problems } = opened;
    const server = serverNumber(1);
    await deviceOf(page, server).click();

    await page.getByRole('button', { name: 'Power off' }).click();
    await rowOf(page, server).getByText('stopped').waitFor();

    expect(server.vmState).toBe('stopped');
    await page.getByRole('button', { name: 'Power on' }).click();
    await rowOf(page, server).getByText('active').waitFor();
    expect(server.vmState).toBe('active');
    expect(problems).toEqual([]);
  });

  test('what the service refuses is said in its words', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const server = serverNumber(2);
    watched.sandbox.faults.add({
      service: 'nova',
      method: 'POST',
      path: /action$/,
      kind: 'answer',
      status: 403,
      body: '{"forbidden":{"message":"Policy forbids it."}}',
      headers: { 'content-type': 'application/json' },
      times: 1,
    });
    await deviceOf(page, server).click();

    await page.getByRole('button', { name: 'Power off' }).click();

    await page.getByText(/^Unable to submit request: .*Policy forbids it/).waitFor();
  });

  test('a stack made and deleted in the cloud is a rack that comes and goes', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    await page.getByRole('button', { name: 'New stack' }).click();
    await page.getByLabel('Name', { exact: true }).fill('made-by-hand');
    await page.getByLabel('Servers', { exact: true }).fill('2');

    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const rack = page.locator('.rack', { hasText: 'made-by-hand' });
    await rack.filter({ hasText: ', active, 2 devices' }).waitFor();
    await page.locator('.stack', { hasText: 'made-by-hand' }).locator('.row-button').click();
    await page.locator('.actions').getByRole('button', { name: 'Delete' }).click();
    await rack.waitFor({ state: 'detached' });

    expect(watched.sandbox.portal.racks.all().some(({ name }) => name.startsWith('made-by-hand'))).toBe(
      false,
    );
  });

  test('a stack that gets a node has one more device on its rack', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const stack = page.locator('.stack').last().locator('.row-button');
    const id = await stack.getAttribute('data-id');
    const shown = watched.sandbox.portal.racks
      .all()
      .find(({ metadata }) => metadata['openstack_stack_id'] === id);
    const rack = page.locator('.rack', { hasText: shown?.name ?? 'no rack shows the last stack' });
    await rack.locator('.device').nth(3).waitFor();
    const before = await rack.locator('.device').count();
    await stack.click();

    await page.locator('.actions').getByRole('button', { name: 'Add a node' }).click();

    await rack.locator('.device').nth(before).waitFor();
  });

  test('a server that is resized has another template, and one that breaks is shown as failed', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const server = serverNumber(-1);
    const actions = page.locator('.actions');
    await rowOf(page, server).click();
    const resizeTo = page.getByLabel('Resize to');
    const others = await resizeTo.locator('option:not(:checked)').allTextContents();

    await resizeTo.selectOption({ label: others.at(0) ?? '' });
    await actions.getByRole('button', { name: 'Confirm resize' }).click();
    await deviceOf(page, server)
      .and(page.locator(`[title*="${others.at(0)}"]`))
      .waitFor();
    await actions.getByRole('button', { name: 'Break' }).click();
    await deviceOf(page, server).filter({ hasText: ', failed, ' }).waitFor();

    expect(server.flavor.name).toBe(others.at(0));
  });

  test('a server deleted in the cloud leaves its rack, and the others stay where they are', async () => {
    await using opened = await openPage(browser, url);
    const { page, problems } = opened;
    const server = serverNumber(3);
    const device = deviceOf(page, server);
    const rackId = watched.sandbox.portal.devices
      .all()
      .find(({ metadata }) => metadata['openstack_instance_id'] === server.id)?.rack_id;
    const devices = page
      .locator('.rack', { has: page.locator(`[data-rack="${rackId}"]`) })
      .locator('.device');
    await device.waitFor();
    const places = async () => (await devices.allTextContents()).map((text) => text.split(', CPU')[0]);
    const before = await places();
    const own = before.findIndex((place) => place?.startsWith(server.name.replaceAll('.', '-')));
    await rowOf(page, server).click();

    await page.locator('.actions').getByRole('button', { name: 'Delete' }).click();
    await device.waitFor({ state: 'detached' });

    expect(own).toBeGreaterThan(-1);
    expect(await places()).toEqual(before.toSpliced(own, 1));
    expect(await rowOf(page, server).count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('a search leaves the racks and devices that match, and Enter opens the first', async () => {
    await using opened = await openPage(browser, url);
    const { page, problems } = opened;
    const [rack] = watched.sandbox.portal.racks.all();
    const device = watched.sandbox.portal.devices.all().find(({ rack_id }) => rack_id === rack?.id);
    await page.locator('.rack').nth(1).waitFor();

    await page.getByRole('searchbox').fill(`${rack?.name} ${device?.name}`);
    await page.getByText('1 match', { exact: true }).waitFor();
    const racks = await page.locator('.rack').count();
    const dimmed = await page.locator('.device.dimmed').count();
    const inRack = await page.locator('.device').count();
    await page.getByRole('searchbox').press('Enter');
    await page.getByRole('heading', { name: device?.name ?? '', exact: true }).waitFor();
    const address = new URL(page.url()).hash;
    await page.getByRole('searchbox').press('Escape');
    await page.locator('.rack').nth(1).waitFor();

    expect([racks, dimmed]).toEqual([1, inRack - 1]);
    expect(address).toContain(`device=${device?.id}`);
    expect(problems).toEqual([]);
  });

  test('the counters are filters by status', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const server = serverNumber(4);
    watched.sandbox.cloud.compute.act(server.id, 'stop');
    await deviceOf(page, server).filter({ hasText: ', stopped, ' }).waitFor();
    const stopped = page.getByRole('button', { name: /^stopped \d/ });

    await stopped.click();
    await page.locator('.rack').first().waitFor();
    const others = await page.locator('.device:not(.dimmed):not(.device-STOPPED)').count();
    await stopped.click();

    expect(others).toBe(0);
    await page.locator('.device-ACTIVE:not(.dimmed)').first().waitFor();
  });

  test('a link leads to a device, and a search that finds nothing says so', async () => {
    const last = watched.sandbox.portal.devices.all().at(-1);
    await using opened = await openPage(browser, `${url}/#device=${last?.id}`);
    const { page } = opened;

    await page.getByRole('heading', { name: last?.name ?? '', exact: true }).waitFor();
    await page.locator(`[data-device="${last?.id}"]`).waitFor();
    await page.getByRole('searchbox').fill('no such thing');
    await page.getByRole('button', { name: 'Show all' }).click();

    await page.locator('.rack').first().waitFor();
  });

  test('a device that is stopped shows no figure of before', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const server = serverNumber(5);
    const device = deviceOf(page, server);
    watched.sandbox.metricDaemon.take((await device.getAttribute('data-device')) ?? '', cpu(42));
    await device.locator('.value').getByText('42 %').waitFor();

    watched.sandbox.cloud.compute.act(server.id, 'stop');
    await device.filter({ hasText: ', stopped, ' }).waitFor();

    expect(await device.locator('.value').textContent()).toBe('');
  });

  test('the bars show the metric that is chosen', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const values = page.locator('.device .value');
    await values.filter({ hasText: '%' }).first().waitFor();

    await page.getByLabel('Bars show').selectOption({ label: 'Network, B/s' });

    await values.filter({ hasText: 'B/s' }).first().waitFor();
    expect(await values.filter({ hasText: '%' }).count()).toBe(0);
  });

  test('the bars move with the figures', { retry: 2 }, async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const [device] = watched.sandbox.portal.devices.all();
    const value = page.locator(`[data-device="${device?.id}"] .value`);
    await value.filter({ hasText: '%' }).waitFor();

    for (const share of [3, 97]) {
      watched.sandbox.metricDaemon.take(String(device?.id), cpu(share));

      await value.getByText(`${share} %`).waitFor();
    }
  });

  test('what is selected has all its fields beside the racks, which stay where they are', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const device = page.locator('.device').nth(5);
    await device.waitFor();
    const before = await device.boundingBox();
    const id = await device.getAttribute('data-device');
    const answer = await fetch(`${url}/sandbox/devices/${id}`);
    const fields = Object.entries((await answer.json()) as Record<string, unknown>)
      .filter(([, value]) => value !== null && value !== '' && Object.keys(Object(value)).length !== 0)
      .map(([name]) => name.replaceAll('_', ' '));

    await device.click();
    await page.locator('.details').getByText('private ips').waitFor();

    expect(await page.locator('.fields dt').allTextContents()).toEqual(expect.arrayContaining(fields));
    expect(fields.length).toBeGreaterThan(5);
    expect(await device.boundingBox()).toEqual(before);
  });

  test('a portal without racks says what will be there', async () => {
    await using empty = await startSandbox({ projects: 1, stacks: 1, servers: 1 });
    await using opened = await openPage(browser, empty.services.concertim.url);

    await opened.page.getByText(/^No racks yet/).waitFor();
    await opened.page.getByText(/^Nothing yet/).waitFor();
  });

  test('of several clouds each has its stacks, and a stack is made in the one that is chosen', async () => {
    const size = { projects: 1, stacks: 1, servers: 2, pace: 0 };
    await using several = await startWatchedSandbox({ clouds: ['north', 'south'], ...size });
    const [, south] = several.sandbox.clouds;
    await using opened = await openPage(browser, several.sandbox.services.concertim.url, { viewport: wide });
    const { page } = opened;
    await expect.poll(() => page.locator('.device').count()).toBeGreaterThanOrEqual(4);
    expect(await page.locator('.cloud-row.cloud-name').allTextContents()).toEqual(['north', 'south']);
    expect(await page.locator('.cloud-row.project').allTextContents()).toEqual(['user1', 'south-user1']);
    await page.getByRole('button', { name: 'New stack' }).click();
    await page.getByLabel('Owner').selectOption({ label: 'south-user1' });
    await page.getByLabel('Name', { exact: true }).fill('southern');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.locator('.stack', { hasText: 'southern' }).waitFor();

    const made = [...(south?.cloud.orchestration.stacks() ?? [])].filter(({ parent }) => !parent);
    expect(made.map(({ name }) => name.split('--')[0])).toContain('southern');
    await page.locator('.rack', { hasText: 'southern' }).waitFor();
    await picture(page, 'sandbox, two clouds');
    expect(await barriers(page)).toEqual([]);
  });

  test('what happened before the page was opened is there', async () => {
    await using story = await startSandbox({ seed: 6, projects: 1, stacks: 2, servers: 2 });
    const [told] = story.tick();

    await using opened = await openPage(browser, story.services.concertim.url);

    await opened.page
      .locator('.happenings li')
      .getByText(told ?? '')
      .waitFor();
  });

  test('the arrow keys lead from rack to rack, Enter opens, Escape leads back', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const focus = page.locator(':focus');
    await page.locator('.device').first().waitFor();
    await page.locator('.rack-head').first().focus();

    await page.keyboard.press('ArrowRight');
    await page.locator('.rack').nth(1).locator('.rack-head:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.locator('.rack').nth(1).locator('.device:focus').waitFor();
    const device = await focus.textContent();
    await page.keyboard.press('Enter');
    await page.locator('.details').getByText('private ips').waitFor();
    await page.keyboard.press('Escape');

    expect(device).toMatch(/^gateway1.*, U.*42/);
    expect(await focus.textContent()).toBe(device);
    expect(await page.locator('.details').count()).toBe(0);
  });

  test('who acts by the keyboard stays there when a button goes with the state that allowed it', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    const focus = page.locator(':focus');
    const row = page.locator('.cloud-row.server .row-button', { hasText: 'active' }).first();
    const server = watched.sandbox.cloud.compute.server((await row.getAttribute('data-id')) ?? '') as Server;
    await row.press('Enter');

    await page.locator('.actions').getByRole('button', { name: 'Stop' }).press('Enter');
    await rowOf(page, server).getByText('stopped').waitFor();
    const afterStop = await focus.getAttribute('data-id');
    await deviceOf(page, server).press('Enter');
    await page.getByRole('button', { name: 'Power on' }).press('Enter');
    await rowOf(page, server).getByText('active').waitFor();
    const afterPower = await focus.textContent();
    await page.getByRole('button', { name: 'New stack' }).press('Enter');
    await page.getByLabel('Name', { exact: true }).fill('by-keyboard');
    await page.getByLabel('Name', { exact: true }).press('Enter');
    await page.locator('.new-stack').waitFor({ state: 'detached' });

    expect(afterStop).toBe(server.id);
    expect(afterPower).toBe(server.name.replaceAll('.', '-'));
    expect(await focus.textContent()).toBe('New stack');
  });

  test('a lost connection is said, and when it is back so is the present', async () => {
    const first = await startSandbox({ seed: 4, projects: 1, stacks: 1, servers: 2 });
    const { port, url: address } = first.services.concertim;
    await using opened = await openPage(browser, address);
    const { page } = opened;
    await page.getByText('live', { exact: true }).waitFor();

    await first.close();
    await page.getByText(/Connection lost/).waitFor();
    expect(await page.evaluate(`getComputedStyle(document.querySelector('main')).filter`)).toBe(
      'grayscale(1)',
    );
    await using second = await startSandbox({
      seed: 5,
      projects: 1,
      stacks: 1,
      servers: 2,
      ports: { concertim: port },
    });
    await page.getByText('Connected again').waitFor();

    const [stack] = [...second.cloud.orchestration.stacks()].filter(({ parent }) => !parent);
    await page
      .locator('.stack')
      .getByTitle(stack?.name ?? '')
      .waitFor();
  });

  test.each([
    { what: 'light and wide', viewport: wide, colorScheme: 'light' },
    { what: 'dark and wide', viewport: wide, colorScheme: 'dark' },
    { what: 'light on a telephone', viewport: narrow, colorScheme: 'light' },
    { what: 'dark on a telephone', viewport: narrow, colorScheme: 'dark' },
    { what: 'light on a laptop', viewport: laptop, colorScheme: 'light' },
    { what: 'light on a wall', viewport: wall, colorScheme: 'light' },
    { what: 'dark on a wall', viewport: wall, colorScheme: 'dark' },
  ] as const)('nobody is shut out: $what', async ({ what, viewport, colorScheme }) => {
    await using opened = await openPage(browser, url, { viewport, colorScheme });
    const { page, problems } = opened;
    await page.locator('.device').first().waitFor();

    await picture(page, `sandbox, ${what}`);
    const found = viewport === narrow ? await barriers(page) : [];
    await page.locator('.device').first().click();
    await page.locator('.details').getByText('private ips').waitFor();
    await picture(page, `sandbox, ${what}, details`);
    found.push(...(await barriers(page)));

    expect(found, found.join('\n')).toEqual([]);
    expect(problems).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
    // The toolbar is one line, but for a telephone.
    const toolbar = await page.locator('.toolbar').boundingBox();
    if (viewport === laptop) expect(toolbar?.height).toBeLessThan(60);
  });
});
