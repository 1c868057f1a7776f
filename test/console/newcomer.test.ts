/**
 * Somebody who knows nothing of it, from the first start to an exported data set, as the README and docs/console.md
 * say. Clicks and seconds are counted; the seconds are printed, for the machine decides them.
 */
import type { Browser, Locator, Page } from 'playwright-core';
import type { Visit } from '../support/chromium.js';
import {
  HAS_CHROMIUM,
  accessibilityFaults,
  buildConsole,
  launchChromium,
  picture,
  visit,
} from '../support/chromium.js';
import { startServer } from '../support/server.js';

const MAXIMUM_CLICKS = 3;
const SAMPLES = 20;

(HAS_CHROMIUM ? describe : describe.skip)('a newcomer', () => {
  let browser: Browser;
  let page: Page;
  let visited: Visit;
  let began: number;
  let clicks = 0;

  const click = async (target: Locator): Promise<void> => {
    clicks += 1;
    await target.click();
  };
  const report = (what: string): void => {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stderr.write(`a newcomer: ${what} after ${seconds} s and ${String(clicks)} clicks\n`);
  };

  beforeAll(async () => {
    buildConsole();
    browser = await launchChromium();
    began = performance.now();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(visited.faults).toEqual([]));

  test('has a first picture after at most three clicks: the link in the terminal, and "Draw"', async () => {
    // Without a key of the operator's, as in the README: this is the start that prints the link.
    const server = await startServer({ MODELS_DIR: 'models', DEFECTDIFFU_API_KEY: '' }, { keep: true });
    const link = /Console: (\S+)/.exec(server.output())?.[1] ?? '';
    clicks += 1;
    visited = await visit(browser, server, link);
    ({ page } = visited);
    await click(page.getByRole('button', { name: 'Draw', exact: true }));
    await page.getByAltText(/^scratch on steel strip/).first().waitFor(); // prettier-ignore
    report('the first picture');
    expect(clicks).toBeLessThanOrEqual(MAXIMUM_CLICKS);
    await page.getByText(/^4 samples\. Seed/).waitFor();
    await picture(page, 'drawn');
  });

  test('reviews twenty samples with one key each, and without a click into the gallery', async () => {
    await click(page.getByLabel('Samples'));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(String(SAMPLES));
    await click(page.getByRole('button', { name: 'Draw', exact: true }));
    await page.getByText(`${String(SAMPLES)} samples. Seed`).waitFor();
    await click(page.getByRole('link', { name: 'Review them in the gallery' }));
    const grid = page.getByRole('listbox', { name: 'Samples' });
    await grid.getByRole('option').nth(SAMPLES - 1).waitFor(); // prettier-ignore
    for (let nth = 1; nth <= SAMPLES; nth++) {
      const [key, state] = nth % 5 === 0 ? ['r', 'Rejected'] : ['a', 'Accepted'];
      await page.keyboard.press(key as string);
      await grid.locator(`[aria-posinset="${String(nth)}"]`).getByLabel(state as string).waitFor(); // prettier-ignore
    }
    report(`${String(SAMPLES)} reviewed samples`);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'gallery');
  });

  test('exports what is accepted, and downloads it', async () => {
    await click(page.getByRole('link', { name: 'Export the accepted samples' }));
    await page.getByRole('status').getByText(`${String((SAMPLES * 4) / 5)} samples`).waitFor(); // prettier-ignore
    await click(page.getByRole('button', { name: 'Export', exact: true }));
    const archive = page.getByRole('link', { name: /^Download/ });
    await archive.waitFor();
    await picture(page, 'export');
    const download = page.waitForEvent('download');
    await click(archive);
    expect((await download).suggestedFilename()).toMatch(/\.zip$/);
    report('the data set');
  });
});
