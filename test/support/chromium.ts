/** Debian's Chromium, and in it the built console of a real service. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { originOf } from './console.js';
import type { Server } from './server.js';
import { TEST_KEY, startServer } from './server.js';
import { until } from './until.js';

export const CHROMIUM = '/usr/bin/chromium';
export const HAS_CHROMIUM = existsSync(CHROMIUM);
export const CONSOLE_DIST = join('console', 'dist');
/** Ignored by Git: to be looked at. */
const SCREENSHOTS = join('console', 'screenshots');
const LOCK = join('node_modules', '.cache', 'console.lock');
const PICTURE_WIDTH = 1080;
/** Of every wait on a page: a busy machine does not reach it. */
const PATIENCE_MS = 300_000;
export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** If something that it is made of is newer; one test file builds it, and the others wait. */
export function buildConsole(): void {
  execFileSync('flock', [LOCK, 'scripts/build-console'], { stdio: 'pipe' });
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'], timeout: PATIENCE_MS });
}

export interface Visit {
  readonly page: Page;
  /** What must not happen: errors of scripts, refusals of the policy, and requests to anywhere else. */
  readonly faults: string[];
}

/** @param address where to go first; by default the first page */
export async function visit(browser: Browser, server: Pick<Server, 'url'>, address = originOf(server)): Promise<Visit> {
  const context = await browser.newContext({ viewport: WIDE, locale: 'en' });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const origin = originOf(server);
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== origin) faults.push(`a request to ${url.origin}`);
  });
  await page.goto(address);
  return { page, faults };
}

export interface OpenConsole extends Visit {
  readonly server: Server;
  readonly browser: Browser;
}

const DEFAULT_BUNDLE = { MODELS_DIR: 'models', PRECISION: 'int8' };

/** The console of a service, by default with the default bundle, signed in. */
export async function openConsole(env: Record<string, string> = DEFAULT_BUNDLE): Promise<OpenConsole> {
  buildConsole();
  const server = await startServer(env);
  const browser = await launchChromium();
  const opened = await visit(browser, server);
  await signInTo(opened.page);
  return { ...opened, server, browser };
}

/** With the keyboard alone: the key, then Enter. */
export async function signInTo(page: Page): Promise<void> {
  await page.getByLabel('API key').fill(TEST_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

export async function openPage(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/**
 * Chooses a radio, which is out of sight in its tile: a click can miss it while the tiles above still load their pictures, and
 * the choice shows a moment after the click.
 */
export async function choose(radio: Locator): Promise<void> {
  await until(async () => {
    await radio.click({ force: true });
    return radio.isChecked();
  });
}

const AXE = readFileSync(join('node_modules', 'axe-core', 'axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds on the page, as "rule: element". */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<readonly Violation[]>('axe.run(document).then((found) => found.violations)');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.evaluate('window.scrollTo(0, 0)');
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** A screenshot that the documents show; CONSOLE_PICTURES=true renews it there, and makes one of a phone to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await screenshot(page, name);
  if (process.env['CONSOLE_PICTURES'] !== 'true') return;
  await page.setViewportSize(NARROW);
  await screenshot(page, `${name}-390`);
  await page.setViewportSize(WIDE);
  const drawn = sharp(join(SCREENSHOTS, `${name}.png`)).resize({ width: PICTURE_WIDTH });
  await drawn.webp({ quality: 80 }).toFile(join('docs', 'images', `console-${name}.webp`));
}

/** How many pixels of the first canvas of the page are blue, as curves are and axes are not. */
export function bluePixels(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let blue = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 2] - data[i] > 60) blue += 1;
    return blue;
  })()`);
}
