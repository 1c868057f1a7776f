/** Everything that one does with the console, with the keyboard alone, in real Chromium on the tiny models. */
import type { Browser, Locator, Page } from 'playwright-core';
import type { Visit } from '../support/chromium.js';
import { HAS_CHROMIUM, buildConsole, launchChromium, visit } from '../support/chromium.js';
import { SLOW, generate } from '../support/generations.js';
import { pressAll, pressOn, tabTo } from '../support/keyboard.js';
import { photograph } from '../support/photographs.js';
import { LOCAL_WEBHOOKS } from '../support/receiver.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, startServer } from '../support/server.js';

(HAS_CHROMIUM ? describe : describe.skip)('with the keyboard alone', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let visited: Visit;

  beforeAll(async () => {
    buildConsole();
    server = await startServer(LOCAL_WEBHOOKS);
    browser = await launchChromium();
    visited = await visit(browser, server);
    ({ page } = visited);
  });
  afterAll(() => browser.close());
  afterEach(() => expect(visited.faults).toEqual([]));

  const button = (name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });
  const press = (target: Locator, key?: string): Promise<void> => pressOn(page, target, key);

  async function open(name: string): Promise<void> {
    await press(page.getByRole('navigation').getByRole('link', { name, exact: true }));
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  }

  async function choose(opener: Locator, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    const chooser = page.waitForEvent('filechooser');
    await press(opener);
    await (await chooser).setFiles(file);
  }

  test('sign in, choose a defect, turn the strength, and draw', async () => {
    await tabTo(page, page.getByLabel('API key'));
    await page.keyboard.type(TEST_KEY);
    await page.keyboard.press('Enter');
    await page.getByText('The model learned this defect on this product.').waitFor();
    const defect = page.getByLabel('Defect');
    const former = await defect.inputValue();
    await press(defect, 'ArrowDown');
    expect(await defect.inputValue()).not.toBe(former);
    await press(page.getByRole('slider', { name: 'Strength' }), 'ArrowRight');
    await page.getByText(/^4 samples\. Seed/).waitFor();
    await press(button('Draw'));
    await page.getByText(/^4 samples\. Seed/).waitFor();
    await tabTo(page, page.getByRole('radio', { name: 'Image' }));
    await pressAll(page, ['ArrowRight', 'ArrowRight', 'ArrowRight']);
    expect(await page.getByRole('radio', { name: 'Mask' }).isChecked()).toBe(true);
    const { generations } = await server.data('{ generations(first: 9) { edges { node { request { count } } } } }');
    expect(generations.edges.filter(({ node }: Json) => node.request.count === 4)).toHaveLength(2);
  });

  test('review, filter, and delete samples, and export what is accepted', async () => {
    await press(page.getByRole('link', { name: 'Review them in the gallery' }));
    const grid = page.getByRole('listbox', { name: 'Samples' });
    await grid.getByRole('option').nth(3).waitFor(); // prettier-ignore
    await pressAll(page, ['a', 'a', 'r']);
    await grid.getByLabel('Rejected').waitFor();
    await press(page.getByLabel('Review'), 'End');
    await grid.getByRole('option').nth(0).waitFor(); // prettier-ignore
    await page.getByRole('status').getByText(/^1 sample/).waitFor(); // prettier-ignore
    await press(button('Delete …'));
    await press(button('Delete for good'));
    await page.getByRole('status').getByText(/^0 samples/).waitFor(); // prettier-ignore
    await press(page.getByRole('link', { name: 'Export the accepted samples' }));
    await page.getByRole('status').getByText(/^2 samples/).waitFor(); // prettier-ignore
    await press(button('Export'));
    const download = page.waitForEvent('download');
    await press(page.getByRole('link', { name: /^Download/ }));
    expect((await download).suggestedFilename()).toMatch(/\.zip$/);
  });

  test('repeat and cancel generations', async () => {
    await open('Queue');
    const repeat = button('Repeat');
    const before = await repeat.count();
    await press(repeat.first());
    await repeat.nth(before).waitFor();
    await generate(server, SLOW);
    const row = page.getByRole('row', { name: /60 samples/ });
    await press(row.getByRole('button', { name: 'Cancel' }));
    await row.getByText('Canceled').waitFor();
    await press(row.getByRole('link', { name: 'Repeat with changes' }));
    await page.getByRole('heading', { level: 1, name: 'Draw' }).waitFor();
    await page.getByRole('status').getByText(/This generation also has/).waitFor(); // prettier-ignore
  });

  test('upload a photograph, paint a defect on it, and keep an allowed area', async () => {
    await open('My photographs');
    const buffer = await photograph(7, 96, 96).png().toBuffer();
    await choose(button('Choose files'), { name: 'part.png', mimeType: 'image/png', buffer });
    await press(page.getByRole('button', { name: /^part\.png/ }));
    await press(page.getByRole('radio', { name: 'Box' }), 'ArrowLeft');
    await page.getByText(/^Paint over the region/).waitFor();
    await tabTo(page, page.getByRole('application'));
    await pressAll(page, ['Enter', 'Shift+ArrowRight', 'Enter', 'Shift+ArrowDown', 'Enter', 'Space']);
    await press(button('Keep as the allowed area of the product'));
    await page.getByText(/^Defects of this product now lie in this area only/).waitFor();
    await press(button('Store as defective, with this mask'));
    await page.getByRole('button', { name: /^part\.png.*Defective/ }).waitFor();
  });

  test('import a catalog, and compare strengths', async () => {
    await open('Catalog');
    const buffer = Buffer.from('partNumber,name\nN-1,nut\n');
    await choose(button('Choose a file'), { name: 'parts.csv', mimeType: 'text/csv', buffer });
    await press(button('Import 1 row'));
    await page.getByText('1 new, 0 changed, 0 unchanged').waitFor();
    await open('Compare');
    await press(button('Draw the grid'));
    await page.getByRole('region', { name: /^Samples of .* by seed and strength/ }).getByRole('img').nth(7).waitFor(); // prettier-ignore
  });

  test('create and delete a webhook', async () => {
    await open('Operations');
    await tabTo(page, page.getByLabel('URL that receives the events'));
    await page.keyboard.type('http://127.0.0.1:9/');
    await press(page.getByRole('checkbox', { name: 'EXPORT_FAILED' }), 'Space');
    await press(button('Create a webhook'));
    await page.getByRole('region', { name: /^Deliveries to/ }).waitFor();
    const { webhooks } = await server.data('{ webhooks { edges { node { events } } } }');
    expect(webhooks.edges[0].node.events.sort()).toEqual(['EXPORT_FAILED', 'GENERATION_SUCCEEDED']);
    await press(button('Delete …'));
    await press(button('Delete for good'));
    await page.getByRole('region', { name: /^Deliveries to/ }).waitFor({ state: 'detached' });
  });
});
