/** What waits and what runs, in real Chromium: by whom, behind how many, and for how long. */
import type { Browser, Locator, Page } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';
import { finished, generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';

/** Generations of one tenant that a worker runs at a time. */
const RUNNING = 4;
const QUEUED = 2;
const LONG = { partNumber: 'STEEL_STRIP', defectCode: 'SCRATCH', count: 400 };

(HAS_CHROMIUM ? describe : describe.skip)('the queue', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;
  let ids: readonly string[];

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: 'models', PRECISION: 'int8' });
    ({ server, browser, page } = opened);
    const made: Json[] = [];
    for (let nth = 0; nth < RUNNING + QUEUED; nth++) made.push(await generate(server, LONG));
    ids = made.map(({ id }) => id as string);
    await openPage(page, 'Queue');
  });
  afterAll(async () => {
    for (const id of ids) await server.data(`mutation { cancelGeneration(id: "${id}") { id } }`);
    for (const id of ids) await finished(server, id);
    await browser.close();
  });
  afterEach(() => expect(opened.faults).toEqual([]));

  const row = (status: string): Locator => page.getByRole('row').filter({ hasText: status });

  test('says who asked, what comes first, and about how long the rest takes', async () => {
    await row('Running').getByText(/^About \d+ (s|min) left$/).first().waitFor(); // prettier-ignore
    await row('Queued')
      .getByText(`${String(RUNNING + 1)} come first`)
      .waitFor();
    await row('Queued')
      .getByText(`${String(RUNNING)} come first`)
      .waitFor();
    expect(await page.getByRole('cell', { name: 'You' }).count()).toBe(RUNNING + QUEUED);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('how many are unfinished is known after a reload too', async () => {
    await page.reload();
    await page.getByText(`${String(RUNNING + QUEUED)} in the queue`).waitFor();
  });
});
