/**
 * The console in Chromium, with 10,000 samples in the gallery: the first paint of a signed-in page, the frames of a scroll
 * through all samples (first with thumbnails still to be made, then with all there), and the time from a key to the next
 * paint while a generation runs.
 *
 *   npm run bench:console            (SAMPLES=10000, ROUNDS=5; /usr/bin/chromium)
 */
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import type * as Provisioning from '../src/tenants/provisioning.js';
import { openPglite } from './benchDatabases.ts';
import { importBuilt } from './importBuilt.ts';
import { saveResults } from './saveResults.ts';
import { SAMPLES_EACH, artifactKey, finishedSamples } from './seedRows.ts';
import type { Server } from './server.ts';
import { GENERATE, GENERATION_INPUT, KEY, startServer } from './server.ts';
import { quantile } from './statistics.ts';

const { ensureTenant } = await importBuilt<typeof Provisioning>('tenants/provisioning.js');

const SAMPLES = Number(process.env['SAMPLES'] ?? 10_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const PICTURES = 64;
const SIDE = 128;
const LONG_FRAME_MS = 50;
const WHEEL = 600;
const KEYS = 40;

/** As if drawn: rows in the database, and files of a few pictures under the names of all. */
async function fill(): Promise<{ env: Record<string, string>; dataDirectory: string; count: number }> {
  const place = await openPglite();
  const storage = await place.open();
  const tenant = await ensureTenant(storage.database, 'default');
  await storage.close();
  // The last generation has no samples of its own: the rows begin at 1.
  await place.load(finishedSamples(SAMPLES + SAMPLES_EACH));
  await place.settle();
  const store = join(place.dataDirectory, 'artifacts', tenant);
  mkdirSync(store, { recursive: true });
  for (let n = 0; n < PICTURES; n++) {
    const noise = { type: 'gaussian' as const, mean: 80 + n, sigma: 25 };
    const picture = await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: '#777', noise } })
      .png()
      .toBuffer();
    writeFileSync(join(store, `${String(n)}.png`), picture);
  }
  for (const kind of ['image', 'mask', 'overlay'] as const) {
    for (let n = SAMPLES_EACH; n < SAMPLES + 2 * SAMPLES_EACH; n++) {
      const key = artifactKey(kind, n);
      mkdirSync(join(store, key.slice(0, 2)), { recursive: true });
      linkSync(join(store, `${String(n % PICTURES)}.png`), join(store, key.slice(0, 2), key));
    }
  }
  return { env: place.env, dataDirectory: place.dataDirectory, count: SAMPLES };
}

async function signIn(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await page.getByLabel('API key').fill(KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

/** Milliseconds from the start of the navigation. */
async function firstPaint(page: Page, origin: string): Promise<number> {
  await page.goto(origin);
  await page.getByRole('navigation').waitFor();
  // The paint may be recorded after the elements are there.
  return page.evaluate<number>(`new Promise((paint) => new PerformanceObserver((list) =>
    list.getEntriesByName('first-contentful-paint').forEach(({ startTime }) => paint(startTime)),
  ).observe({ type: 'paint', buffered: true }))`);
}

interface Scroll {
  readonly frames: number;
  readonly long: number;
  readonly p99: number;
  readonly longest: number;
  readonly seconds: number;
}

/** Turns the wheel until the last sample is there. */
async function scroll(page: Page): Promise<Scroll> {
  await page.evaluate(`(() => {
    window.frames_ = []; let last = performance.now(); window.measuring_ = true;
    const tick = (now) => { window.frames_.push(now - last); last = now; if (window.measuring_) requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
  })()`);
  const began = performance.now();
  const end = page.locator(`[aria-posinset="${String(SAMPLES)}"]`);
  await page.mouse.move(700, 500);
  while ((await end.count()) === 0) await page.mouse.wheel(0, WHEEL);
  const seconds = (performance.now() - began) / 1000;
  const taken = await page.evaluate<number[]>('(window.measuring_ = false, window.frames_.slice(1))');
  const long = taken.filter((ms) => ms > LONG_FRAME_MS).length;
  return { frames: taken.length, long, p99: quantile(taken, 0.99), longest: Math.max(...taken), seconds };
}

/** From a key that chooses the next sample, or accepts it, to the next paint: as the browser's event timing says. */
async function keysToPaint(page: Page, server: Server): Promise<number[]> {
  await page.evaluate(`(() => {
    window.scrollTo(0, 0); window.taken_ = [];
    new PerformanceObserver((list) => window.taken_.push(...list.getEntries().filter(({ name }) => name === 'keydown')
      .map(({ duration }) => duration))).observe({ type: 'event', durationThreshold: 16 });
  })()`);
  await server.ask(GENERATE, { input: [{ ...GENERATION_INPUT, count: 300 }] });
  await page.getByRole('listbox', { name: 'Samples' }).focus();
  for (let i = 0; i < KEYS; i++) {
    await page.keyboard.press(i % 2 === 0 ? 'ArrowRight' : 'a');
    await page.waitForTimeout(250);
  }
  return page.evaluate<number[]>('window.taken_');
}

const { env, dataDirectory, count } = await fill();
const server = await startServer({ env: { ...env, DEFECTDIFFU_API_KEY: KEY }, dataDirectory });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const { origin } = new URL(server.url);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en' });
  const page = await context.newPage();
  await signIn(page, origin);
  const paints: number[] = [];
  for (let round = 0; round < ROUNDS; round++) paints.push(await firstPaint(page, origin));
  const scrolls: Record<string, Scroll> = {};
  for (const name of ['thumbnails to be made', 'thumbnails there']) {
    await page.goto(`${origin}/gallery`);
    await page.getByRole('listbox').getByRole('option').first().waitFor();
    scrolls[name] = await scroll(page);
  }
  const keys = await keysToPaint(page, server);
  const lines: Record<string, string> = {
    'first paint of a signed-in page': `median ${quantile(paints, 0.5).toFixed(0)}, longest ${Math.max(...paints).toFixed(0)} ms`,
    ...Object.fromEntries(
      Object.entries(scrolls).map(([name, { frames, long, p99, longest, seconds }]) => [
        `scroll through ${String(count)} samples, ${name}`,
        `${String(long)} of ${String(frames)} frames over ${String(LONG_FRAME_MS)} ms; p99 ${p99.toFixed(0)}, longest ${longest.toFixed(0)} ms; ${seconds.toFixed(0)} s`,
      ]),
    ),
    'key to next paint while a generation runs':
      keys.length === 0
        ? `under 16 ms for all of ${String(KEYS)}`
        : `median ${quantile(keys, 0.5).toFixed(0)}, longest ${Math.max(...keys).toFixed(0)} ms (${String(keys.length)} of ${String(KEYS)} took 16 ms or more)`,
  };
  for (const [name, line] of Object.entries(lines)) console.log(`${name}: ${line}`);
  saveResults('console', { samples: count, paints, scrolls, keys }, lines);
} finally {
  await browser.close();
  await server.stop();
}
