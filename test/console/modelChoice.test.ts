/** Which model draws: a version, a tenant's own, or an alias of one, in real Chromium. */
import type { Browser, Locator, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage, screenshot } from '../support/chromium.js';
import { archiveOf, importParts, putModel } from '../support/models.js';
import type { Json, Server } from '../support/server.js';

(HAS_CHROMIUM ? describe : describe.skip)('the choice of a model', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS });
    ({ server, browser, page } = opened);
    await importParts(server);
    await putModel(server, await archiveOf('cog'));
    await putModel(server, await archiveOf('cog', ({ manifest }) => (manifest.version = '1.1.0')));
    await move('cog@1.0.0');
    await page.reload();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const model = (): Locator => page.getByLabel('Model', { exact: true });

  const move = (to: string): Promise<Json> =>
    server.data('mutation ($to: String!) { setModelAlias(alias: "production", model: $to) { alias } }', { to });

  test('what cannot be drawn follows the model, and the alias draws with what it stands for now', async () => {
    await page.getByLabel('Product').selectOption('BRASS-COG');
    await model().selectOption('student@1.0.0');
    await page.getByText('The model knows the words of its vocabulary only').waitFor();
    expect(await button('Draw').isDisabled()).toBe(true);
    await model().selectOption({ label: 'production → cog@1.0.0' });
    await page.getByText('The model learned this defect on this product.').waitFor();
    await page.getByLabel('Samples').fill('1');
    // The page was read before.
    await move('cog@1.1.0');
    await button('Draw').click();
    await page.getByText(/^1 sample\. Seed/).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'draw-with-alias');
    const { generations } = await server.data('{ generations(first: 1) { edges { node { request { model } } } } }');
    expect(generations.edges[0].node.request.model).toBe('cog@1.1.0');
    await move('cog@1.0.0');
  });

  test('the address keeps the choice, and a name that is no model is said', async () => {
    await page.waitForURL(/\?product=BRASS-COG&model=production&count=1$/);
    await page.reload();
    await page.getByText('The model learned this defect on this product.').waitFor();
    expect(await model().inputValue()).toBe('production');
    expect(await page.getByLabel('Samples').inputValue()).toBe('1');
    await page.goto(page.url().replace('production', 'gone'));
    await page.getByText('There is no model “gone”. Another one is chosen.').waitFor();
    expect(await model().inputValue()).toBe('student@1.0.0');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('two models are compared, of which one is an alias', async () => {
    await openPage(page, 'Compare');
    await page.getByLabel('Product').selectOption('BRASS-COG');
    await model().selectOption('production');
    const second = page.getByLabel('Second model');
    // The first model is not offered as the second, under none of its names.
    const offered = await second.locator('option').allTextContents();
    expect(offered).toEqual(['None', 'cog@1.1.0', 'student@1.0.0 (Default)']);
    await second.selectOption('cog@1.1.0');
    for (const field of ['Columns', 'Seeds']) await page.getByLabel(field).fill('2');
    await button('Draw the grid').click();
    for (const name of ['production', 'cog@1.1.0'])
      await page.getByRole('region', { name, exact: true }).locator('img').nth(3).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'compare-with-alias');
  });
});
