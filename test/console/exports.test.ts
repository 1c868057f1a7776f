/** What the page of exports says before anything is exported, in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';

(HAS_CHROMIUM ? describe : describe.skip)('an export', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS });
    ({ browser, page } = opened);
    await openPage(page, 'Export');
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  test('of nothing says so, and cannot be started', async () => {
    await page.getByText('There is nothing to export: no sample matches.').waitFor();
    expect(await page.getByRole('button', { name: 'Export', exact: true }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('in the layout of MVTec AD has all defects for testing', async () => {
    await page.getByText('About 0 to train on, 0 to test on').waitFor();
    await page.getByLabel('Format').selectOption('MVTEC_AD');
    await page.getByText('all defects are for testing').waitFor();
    expect(await page.getByText('to train on').count()).toBe(0);
  });
});
