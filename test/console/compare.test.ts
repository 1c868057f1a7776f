/** Grids of strengths and seeds in real Chromium, also of strengths that are nearly the same and of a model that refuses. */
import type { Browser, Locator, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';
import { archiveOf, importParts, putModel } from '../support/models.js';

(HAS_CHROMIUM ? describe : describe.skip)('the comparison', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS });
    ({ browser, page } = opened);
    await importParts(opened.server);
    await putModel(opened.server, await archiveOf('cog'));
    await page.reload();
    await openPage(page, 'Compare');
    await page.getByLabel('Product').selectOption('TIN');
    await page.getByLabel('Seeds').fill('1');
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const draw = (): Locator => page.getByRole('button', { name: 'Draw the grid' });
  const grid = (model: string): Locator =>
    page.getByRole('region', { name: `Samples of ${model} by seed and strength` });

  async function strengths(from: string, to: string, columns: string): Promise<void> {
    await page.getByLabel('Columns').fill(columns);
    await page.getByLabel('Strength from').fill(from);
    await page.getByLabel('Strength to').fill(to);
  }

  async function drawn(columns: number): Promise<string[]> {
    await draw().click();
    await grid('student@1.0.0').getByRole('columnheader').nth(columns - 1).waitFor(); // prettier-ignore
    await grid('student@1.0.0').locator('img').nth(columns - 1).waitFor(); // prettier-ignore
    return grid('student@1.0.0').getByRole('columnheader').allInnerTexts();
  }

  test('a field that was emptied is asked for, instead of what it said before', async () => {
    await page.getByLabel('Columns').fill('');
    await draw().click();
    const focused = page.locator('input:focus:invalid');
    await focused.waitFor();
    expect(await focused.and(page.getByLabel('Columns')).count()).toBe(1);
    await page.getByText('The grid appears here.').waitFor();
  });

  test('one strength is no comparison', async () => {
    await strengths('1.5', '1.5', '3');
    await page.getByText('The two strengths must differ.').waitFor();
    expect(await draw().isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('strengths that are shown alike are one column, and the next grid has its own columns alone', async () => {
    await strengths('1', '1.01', '4');
    expect(await drawn(2)).toEqual(['Strength 1.00', 'Strength 1.01']);
    await strengths('2', '1', '3');
    expect(await drawn(3)).toEqual(['Strength 2.00', 'Strength 1.50', 'Strength 1.00']);
  });

  test('a model that refuses says why, without an empty grid', async () => {
    await page.getByLabel('Second model').selectOption('cog@1.0.0');
    await draw().click();
    await page.getByRole('alert').getByText('model cog@1.0.0 cannot draw "dent" on "tin"').waitFor();
    expect(await grid('cog@1.0.0').count()).toBe(0);
    expect(await grid('student@1.0.0').count()).toBe(1);
  });

  test('numbers are written and shown as the language does', async () => {
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByLabel('Zweites Modell').selectOption('Keines');
    await page.getByLabel('Stärke von').fill('1,5');
    await page.getByRole('button', { name: 'Raster zeichnen' }).click();
    await page.getByRole('columnheader', { name: 'Stärke 1,50' }).waitFor();
    expect(await page.getByLabel('Stärke von').inputValue()).toBe('1,5');
    await page.getByLabel('Sprache').selectOption('English');
    expect(await page.getByLabel('Strength from').inputValue()).toBe('1.5');
  });

  test('nothing can be wiped to, so that view is not offered', async () => {
    const views = page.getByRole('radiogroup', { name: 'View' }).getByRole('radio');
    expect(await views.count()).toBe(4);
    expect(await views.and(page.locator('[value=wipe]')).count()).toBe(0);
  });
});
