/** The preview of a CSV file in real Chromium: of every row, and of nothing that is wrong. */
import type { Browser, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage, screenshot } from '../support/chromium.js';
import { until } from '../support/until.js';

const ROWS = 450;
const CHANGED = 'T-433';

(HAS_CHROMIUM ? describe : describe.skip)('a CSV file of the catalog', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS, MAX_CATALOG_ITEMS: '500' });
    ({ browser, page } = opened);
    await openPage(page, 'Catalog');
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const choose = (name: string, content: string | Buffer): Promise<void> =>
    page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
  const table = (nameOf: (i: number) => string, rows = ROWS): string =>
    ['partNumber,name,promptName', ...Array.from({ length: rows }, (_, i) => `T-${String(i)},${nameOf(i)},Tin`)].join(
      '\n',
    );
  const named = (i: number): string => `part ${String(i)}`;
  const totalCount = async (): Promise<number> =>
    (await opened.server.data('{ products(first: 1) { totalCount } }')).products.totalCount as number;

  test('a change beyond the rows that are listed is counted, and listed first', async () => {
    const before = await totalCount();
    await choose('parts.csv', table(named));
    await page.getByText('450 will be new, 0 changed, and 0 left as they are.').waitFor();
    await page.getByText('250 more rows are not listed.').waitFor();
    await page.getByRole('button', { name: 'Import 450 rows' }).click();
    await until(async () => (await totalCount()) === before + ROWS);
    await choose(
      'parts.csv',
      table((i) => (`T-${String(i)}` === CHANGED ? 'another' : named(i))),
    );
    await page.getByText('0 will be new, 1 changed, and 449 left as they are.').waitFor();
    const effects = page.getByRole('region', { name: 'What the import changes' });
    expect(await effects.getByRole('row').nth(1).innerText()).toMatch(/Changed\s+T-433\s+part 433 → another\s+tin/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'catalog-preview');
  });

  test('an archived product will be restored', async () => {
    await opened.server.data('mutation { archiveProduct(partNumber: "T-7") { id } }');
    await choose('parts.csv', 'partNumber\nT-7\n');
    await page.getByRole('row', { name: /^Restored T-7/ }).waitFor();
  });

  test('the letters of a spreadsheet on Windows are right', async () => {
    await choose('parts.csv', Buffer.from('partNumber;name\r\nPRÜF;Prüfteil groß\r\n', 'latin1'));
    await page.getByRole('row', { name: 'New PRÜF Prüfteil groß' }).waitFor();
  });

  test('the same file can be chosen again after it was mended', async () => {
    expect(await page.locator('input[type=file]').inputValue()).toBe('');
  });

  test('thousands of problems are one message, and nothing can be imported', async () => {
    await choose('twice.csv', ['partNumber', ...Array.from({ length: 20_000 }, () => 'V')].join('\n'));
    const alert = page.getByRole('alert');
    await alert.getByText('The file has 20,000 rows, more than the 500 of one import.').waitFor();
    await alert.getByText('Line 3: V is in the file twice.').waitFor();
    await alert.getByText('and 19979 more').waitFor();
    expect(await page.getByRole('button', { name: /^Import/ }).count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('what was wrong with one file is not said of the next one', async () => {
    await choose('long.csv', `partNumber\n${'L'.repeat(300)}\n`);
    await page.getByRole('button', { name: 'Import 1 row' }).click();
    await page.getByRole('alert').getByText('must have 1 to 200 characters, not 300').waitFor();
    await choose('right.csv', 'partNumber\nR-1\n');
    await page.getByRole('row', { name: /^New R-1/ }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('a preview that cannot be made says so', async () => {
    await page.route('**/graphql', (route) => route.abort());
    await choose('parts.csv', 'partNumber\nT-1\n');
    await page.getByRole('alert').getByText('The service did not answer.').waitFor();
    expect(await page.getByRole('button', { name: /^Import/ }).count()).toBe(0);
    await page.unroute('**/graphql');
  });
});
