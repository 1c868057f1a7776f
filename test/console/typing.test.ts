/** The fields of "Draw", typed into, left, and come back to, in real Chromium. */
import type { Browser, Locator, Page, Request } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, choose, openConsole, openPage } from '../support/chromium.js';
import { fabric } from '../support/photographStage.js';
import type { Json } from '../support/server.js';
import { TEST_KEY } from '../support/server.js';
import { until } from '../support/until.js';

(HAS_CHROMIUM ? describe : describe.skip)('the fields of the page that draws', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;
  const requests: string[] = [];

  beforeAll(async () => {
    opened = await openConsole();
    ({ browser, page } = opened);
    page.on('request', (request) => void note(request));
    // Before a product is there, there is nothing to draw.
    await page.getByRole('button', { name: 'Draw', exact: true }).click({ trial: true });
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  /** What was asked for, as "<count> at <strength>". */
  function note(request: Request): void {
    const text = request.postData() ?? '';
    if (!text.includes('mutation GenerateDefects')) return;
    const [input] = (JSON.parse(text) as Json).variables.input;
    requests.push(`${String(input.count)} at ${String(input.strength.value)}`);
  }
  const strength = (): Locator => page.getByLabel('Strength as a number');
  const count = (): Locator => page.getByLabel('Samples');
  const samples = (): Locator => page.getByAltText(/, strength \d/);
  const done = (text: string): Promise<void> => page.getByText(new RegExp(`^${text}\\. Seed`)).waitFor();

  test('a strength that is typed is drawn once, when it is whole', async () => {
    await count().fill('2');
    await strength().selectText();
    for (const key of '2.75') await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await done('2 samples');
    expect(requests).toEqual(['2 at 2.75']);
  });

  test('a strength beyond the bounds is named as such, not drawn, and not left standing', async () => {
    await strength().fill('99');
    await page.getByRole('alert').getByText('Strengths are from 0 to 5.').waitFor();
    await page.keyboard.press('Enter');
    expect(requests).toHaveLength(1);
    await page.keyboard.press('Tab');
    await page.getByAltText(/strength 5\.00$/).first().waitFor(); // prettier-ignore
    expect(await strength().inputValue()).toBe('5');
    await done('2 samples');
  });

  test.each(['500', '0', ''])('%j samples cannot be asked for', async (text) => {
    const before = requests.length;
    await count().fill(text);
    await page.getByText('From 1 to 64').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('Enter');
    expect(await page.getByRole('button', { name: 'Draw', exact: true }).isDisabled()).toBe(true);
    expect(requests).toHaveLength(before);
  });

  test('what was drawn is there again on the way back and after a reload', async () => {
    await count().fill('3');
    await page.keyboard.press('Enter');
    await done('3 samples');
    await page.waitForURL(/count=3/);
    await page.getByRole('link', { name: 'Review them in the gallery' }).click();
    await page.getByRole('heading', { name: 'Gallery' }).waitFor();
    await page.goBack();
    await done('3 samples');
    await page.reload();
    await done('3 samples');
    expect(await samples().count()).toBe(3);
  });

  test('so are the photograph and its region', async () => {
    await openPage(page, 'My photographs');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.locator('input[type=file]').setInputFiles([{ name: 'good.png', mimeType: 'image/png', buffer: fabric }]);
    await page.getByRole('button', { name: /^good\.png/ }).waitFor();
    await openPage(page, 'Draw');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByLabel('Draw', { exact: true }).selectOption('PHOTOGRAPH');
    await choose(page.getByRole('radio', { name: 'good.png' }));
    await page.getByText('Draw the region').click();
    await page.getByRole('application').focus();
    for (const key of ['Enter', 'Shift+ArrowRight', 'Shift+ArrowDown', 'Enter']) await page.keyboard.press(key);
    await until(() => page.evaluate<boolean>('JSON.stringify(history.state).includes("polygons")'));
    await page.getByRole('link', { name: 'Upload photographs' }).click();
    await page.getByRole('heading', { name: 'My photographs' }).waitFor();
    await page.goBack();
    await page.getByRole('application').waitFor();
    expect(await page.getByRole('radio', { name: 'good.png' }).isChecked()).toBe(true);
    expect(await page.getByRole('button', { name: 'Undo' }).isEnabled()).toBe(true);
  });

  test('a key that was copied with spaces signs in', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').fill(` ${TEST_KEY.slice(0, 9)} ${TEST_KEY.slice(9)} `);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Draw' }).waitFor();
  });
});
