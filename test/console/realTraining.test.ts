/** From an archive of photographs to a sample of the tenant's own model, in real Chromium and with the real training package. */
import { existsSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, bluePixels, openConsole, openPage } from '../support/chromium.js';
import { screenshot } from '../support/chromium.js';
import { cogEntries } from '../support/dataSets.js';
import { importParts, zipOf } from '../support/models.js';
import { TRAINER } from '../support/trainings.js';
import { until } from '../support/until.js';

const isHere = HAS_CHROMIUM && existsSync(TRAINER);

test('the training package is there, where all of it must be tested', () => {
  if (process.env['CI'] === 'true' && HAS_CHROMIUM) expect(existsSync(TRAINER)).toBe(true);
});

(isHere ? describe : describe.skip)('a model is trained in the browser', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS, TRAINER_COMMAND: TRAINER, TRAINER_THREADS: '1' });
    ({ browser, page } = opened);
    await importParts(opened.server);
    await page.reload();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const training = (): Locator => page.getByRole('article', { name: 'mine@1.0.0' });

  test('from an archive of photographs', async () => {
    await openPage(page, 'Training');
    await page.getByText('An archive', { exact: true }).click();
    const file = { name: 'cogs.zip', mimeType: 'application/zip', buffer: await zipOf(await cogEntries(3)) };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByText(/^cogs, version 1: 3 good and 3 defective photographs/).waitFor(); // prettier-ignore
    await page.getByLabel('Name of the model').fill('mine');
    await page.getByLabel('Minutes', { exact: true }).fill('0.2');
    await page.getByRole('button', { name: 'Start the training' }).click();
    await training().getByText('Succeeded').waitFor();
  });

  test('its losses and what it draws are shown', async () => {
    await training().getByRole('img', { name: /^Loss \S+ at step \d+ of “adapter”/ }).waitFor(); // prettier-ignore
    await until(async () => (await bluePixels(page)) > 0);
    await training().getByAltText(/^Photographs, and what the model draws/).waitFor(); // prettier-ignore
    expect(await accessibilityFaults(page)).toEqual([]);
    await training().scrollIntoViewIfNeeded();
    await screenshot(page, 'real-training');
  });

  test('it is published, and drawn with', async () => {
    await training().getByRole('button', { name: 'Publish' }).click();
    await training().getByText('Published as mine@1.0.0.').waitFor();
    await training().getByRole('link', { name: 'Draw a defect' }).click();
    expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('mine@1.0.0');
    await page.getByLabel('Product', { exact: true }).selectOption('BRASS-COG');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText(/^4 samples\. Seed/).waitFor(); // prettier-ignore
    expect(await page.getByAltText(/^dent on brass cog, strength/).count()).toBe(4); // prettier-ignore
  });
});
