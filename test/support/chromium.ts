import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's. */
const program = '/usr/bin/chromium';
const artefacts = fileURLToPath(new URL('../../artefacts/', import.meta.url));

/** Why there is no Chromium to be had; undefined when there is one. Installs Debian's when it may. */
export function whyNoChromium(): string | undefined {
  if (existsSync(program)) return undefined;
  if (process.getuid?.() !== 0) return 'chromium is not installed, and only root could install it';
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  try {
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync(
      'apt-get',
      ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
      options,
    );
    return undefined;
  } catch {
    return 'chromium is not installed, and apt-get could not install it';
  }
}

/** Starts one without a window. */
export async function startChromium(): Promise<Browser> {
  // Root's Chromium has no sandbox of its own; it opens nothing but our pages.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: program, args });
}

/** A page of its own, with all that went wrong in it. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, refusals of the Content-Security-Policy, requests that went elsewhere. */
  readonly problems: string[];
}

export const wide = { width: 1440, height: 900 };
export const laptop = { width: 1280, height: 800 };
export const narrow = { width: 360, height: 740 };
export const wall = { width: 3840, height: 2160 };

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = { viewport: wide },
): Promise<OpenedPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  // Sooner than the test's own end, so that what was waited for is said.
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (message) => {
    // A connection that is lost on purpose is told there too.
    const isLost = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(message.text());
    if (message.type() === 'error' && !isLost) problems.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) problems.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe-core (https://github.com/dequelabs/axe-core) finds wrong for people who see, hear or move otherwise. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.length} times, as ${nodes[0]?.html}: ${nodes[0]?.failureSummary}`,
  );
}

/** Keeps a picture of the page, as long as it is, in artefacts/. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(artefacts, { recursive: true });
  await page.screenshot({ path: `${artefacts}${name}.png`, fullPage: true });
}
