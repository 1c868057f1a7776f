/** Every page of the console in real Chromium, on the real service and the default bundle. */
import type { Browser, Page } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import {
  CHROMIUM,
  HAS_CHROMIUM,
  NARROW,
  WIDE,
  accessibilityFaults,
  openConsole,
  openPage,
  screenshot,
  signInTo,
  visit,
} from '../support/chromium.js';
import { generate } from '../support/generations.js';
import type { Server } from '../support/server.js';

if (!HAS_CHROMIUM)
  process.stderr.write(`The console is not tested: there is no ${CHROMIUM} (apt-get install chromium)\n`);

const PAGES = 'Draw,My photographs,Gallery,Compare,Queue,Export,Catalog,Models,Training,Operations'.split(',');
const HOSTILE = '<img src=x onerror=alert(1)>';

(HAS_CHROMIUM ? describe : describe.skip)('the console', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole();
    ({ server, browser, page } = opened);
  });
  afterAll(() => browser.close());

  test('the sign-in is accessible', async () => {
    const other = await visit(browser, server);
    await other.page.getByLabel('API key').waitFor();
    expect(await accessibilityFaults(other.page)).toEqual([]);
    await other.page.close();
  });

  test.each(PAGES)('%s is accessible, fits narrow windows, and keeps to the policy', async (name) => {
    await openPage(page, name);
    await page.waitForLoadState('networkidle');
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, `${name}-1440`);
    await page.setViewportSize(NARROW);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(NARROW.width);
    await screenshot(page, `${name}-390`);
    await page.setViewportSize(WIDE);
    expect(opened.faults).toEqual([]);
  });

  test('shows hostile texts of the catalog as texts', async () => {
    await server.data(
      'mutation ($name: String!) { importCatalog(input: { products: [{ partNumber: "X-1", name: $name, promptName: "fabric" }] }) { warnings { field } } }',
      { name: HOSTILE },
    );
    await page.reload();
    await openPage(page, 'Catalog');
    await page.getByRole('cell', { name: HOSTILE }).waitFor();
    await openPage(page, 'Draw');
    await page.getByLabel('Product').selectOption('X-1');
    expect(opened.faults).toEqual([]);
  });

  test('imports a CSV file after a preview of what changes', async () => {
    await openPage(page, 'Catalog');
    const content = `partNumber,name,promptName\nFABRIC,fabric,fabric\nF-77,${HOSTILE},fabric\n`;
    const file = { name: `${HOSTILE}.csv`, mimeType: 'text/csv', buffer: Buffer.from(content) };
    await page.locator('input[type=file]').setInputFiles(file);
    const effects = page.getByRole('region', { name: 'What the import changes' });
    await effects.getByRole('row', { name: /^Unchanged FABRIC/ }).waitFor();
    await effects.getByRole('row', { name: /^New F-77/ }).waitFor();
    await page.getByRole('button', { name: 'Import 2 rows' }).click();
    await page.getByText('1 new, 0 changed, 1 unchanged').waitFor();
    expect(opened.faults).toEqual([]);
  });

  test('speaks German', async () => {
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByRole('heading', { level: 1, name: 'Katalog' }).waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('de');
    await page.getByLabel('Sprache').selectOption('English');
  });

  test('signs in again at the same place after its key was revoked', async () => {
    const { createApiKey } = await server.data(
      'mutation { createApiKey(input: { name: "short", role: OPERATOR }) { secret apiKey { id } } }',
    );
    const other = await visit(browser, server);
    await other.page.getByLabel('API key').fill(createApiKey.secret as string);
    await other.page.keyboard.press('Enter');
    await openPage(other.page, 'Compare');
    await other.page.getByLabel('Columns').fill('6');
    await server.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: createApiKey.apiKey.id });
    await other.page.getByText('You were signed out').waitFor();
    await signInTo(other.page);
    expect(await other.page.getByLabel('Columns').inputValue()).toBe('6');
  });

  test('what is in the queue fits the head of a phone, in German too', async () => {
    const { id } = await generate(server, { partNumber: 'STEEL_STRIP', defectCode: 'SCRATCH', count: 60 });
    await page.setViewportSize(NARROW);
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('link', { name: /in der Warteschlange/ }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(NARROW.width);
    await page.getByLabel('Sprache').selectOption('en');
    await page.setViewportSize(WIDE);
    await server.data('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id });
  });
});
