/** What a viewer is told on the pages on which others draw and export, in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';

(HAS_CHROMIUM ? describe : describe.skip)('a viewer', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS });
    ({ browser, page } = opened);
    const { createApiKey } = await opened.server.data(
      'mutation { createApiKey(input: { name: "look", role: VIEWER }) { secret } }',
    );
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').fill(createApiKey.secret as string);
    await page.keyboard.press('Enter');
    await page.getByText('Viewer', { exact: false }).first().waitFor();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  test.each([
    ['Compare', 'Draw the grid'],
    ['Export', 'Export'],
  ])('is told on %s why the button does nothing', async (name, button) => {
    await openPage(page, name);
    await page.getByText('You can look at everything. This needs the role Operator.').waitFor();
    expect(await page.getByRole('button', { name: button, exact: true }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('has no button that changes anything on the other pages', async () => {
    for (const name of ['Catalog', 'Models', 'Training', 'Operations']) {
      await openPage(page, name);
      await page.waitForLoadState('networkidle');
      expect([name, await page.getByRole('main').getByRole('button').allInnerTexts()]).toEqual([name, []]);
    }
  });
});
