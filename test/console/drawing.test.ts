/** From the sign-in to a data set, in real Chromium, on the real service and the default bundle. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import {
  HAS_CHROMIUM,
  accessibilityFaults,
  openConsole,
  openPage,
  picture,
  signInTo,
  visit,
} from '../support/chromium.js';
import type { Server } from '../support/server.js';
import { until } from '../support/until.js';

/** Ends a test that hangs; the samples come when the machine has time. */
const DEADLINE_MS = 300_000;

(HAS_CHROMIUM ? describe : describe.skip)('from the sign-in to a data set', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole(DEADLINE_MS);
    ({ server, browser, page } = opened);
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const sample = () => page.getByAltText(/^scratch on steel strip, strength/);

  test('a newcomer presses "Draw" once and sees a picture', async () => {
    await page.getByLabel('Samples').fill('1');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText(/^1 sample\. Seed/).waitFor();
    const image = `document.querySelector('main img')`;
    expect(await page.evaluate(`${image}.decode().then(() => ${image}.naturalWidth)`)).toBe(128);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'drawn');
  });

  test('the strength, turned with the keyboard, draws anew, and only the newest request is shown', async () => {
    const slider = page.getByRole('slider', { name: 'Strength' });
    await slider.focus();
    for (let turn = 0; turn < 4; turn++) await page.keyboard.press('ArrowRight');
    await page.getByAltText(/strength 2\.20/).waitFor();
    await page.getByText(/^1 sample\. Seed/).waitFor();
    expect(await sample().count()).toBe(1);
    const { generations } = await server.data(
      '{ generations(first: 20) { edges { node { request { seed sampler } } } } }',
    );
    const asked = generations.edges.map(
      ({ node: { request } }: { node: { request: { seed: number; sampler: string } } }) =>
        `${request.sampler} ${String(request.seed)}`,
    );
    // Drafts and samples are pictures of one seed and one sampler, so that none jumps to another.
    expect(new Set(asked).size).toBe(1);
    expect(asked[0]).toMatch(/^TURBO /);
  });

  test('drafts stay out of the gallery, and the samples do not', async () => {
    const count = async (filter: string): Promise<number> => {
      const { samples } = await server.data(`{ samples(filter: { ${filter} }) { edges { node { id } } } }`);
      return samples.edges.length;
    };
    // One sample when "Draw" was pressed, one when the strength was let go.
    await until(async () => (await count('review: UNREVIEWED')) === 2);
    expect(await count('review: REJECTED, tag: "draft"')).toBe(await count('review: REJECTED'));
    await openPage(page, 'Gallery');
    const shown = page.getByRole('listbox', { name: 'Samples' }).getByRole('option');
    await shown.first().waitFor();
    expect(await shown.count()).toBe(2);
    await openPage(page, 'Draw');
  });

  test('a pair that the model does not know says why it cannot be drawn', async () => {
    await server.data(
      'mutation { importCatalog(input: { products: [{ partNumber: "GEAR", name: "gear" }] }) { warnings { field } } }',
    );
    await page.reload();
    await page.getByLabel('Product').selectOption('GEAR');
    await page.getByText('The model knows the words of its vocabulary only').waitFor();
    expect(await page.getByRole('button', { name: 'Draw', exact: true }).isDisabled()).toBe(true);
  });

  test('photographs are uploaded at once, and a refused one says why, by its name', async () => {
    await openPage(page, 'My photographs');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.locator('input[type=file]').setInputFiles([
      { name: 'fabric.png', mimeType: 'image/png', buffer: readFileSync('test/photographs/fabric.png') },
      { name: '<b>notes</b>.png', mimeType: 'image/png', buffer: Buffer.from('no image') },
    ]);
    await page.getByText('1 of 2 files accepted').waitFor();
    const refused = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem');
    expect(await refused.count()).toBe(1);
    expect(await refused.innerText()).toMatch(/^<b>notes<\/b>\.png\s+\S/);
    await page.getByRole('button', { name: /fabric\.png/ }).waitFor();
  });

  test('a region drawn with the keyboard is all that changes on a photograph', async () => {
    await openPage(page, 'Draw');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByLabel('Defect').selectOption('HOLE');
    await page.getByLabel('Draw', { exact: true }).selectOption('PHOTOGRAPH');
    await page.getByRole('radio', { name: 'fabric.png' }).check({ force: true });
    await page.getByText('Draw the region').click();
    await page.getByRole('application').focus();
    const keys = ['Enter', ...Array.from({ length: 3 }, () => ['Shift+ArrowRight', 'Shift+ArrowDown']).flat(), 'Enter'];
    for (const key of keys) await page.keyboard.press(key);
    await page.getByLabel('Samples').fill('1');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText(/^1 sample\. Seed/).waitFor();
    const { samples } = await server.data(
      '{ samples(first: 1, filter: { partNumber: "FABRIC" }) { edges { node { boundingBoxes { x y } reference { width height } } } } }',
    );
    const [{ node }] = samples.edges;
    for (const { x, y } of node.boundingBoxes) {
      expect(x).toBeGreaterThanOrEqual(Math.floor(node.reference.width / 2));
      expect(y).toBeGreaterThanOrEqual(Math.floor(node.reference.height / 2));
    }
    await picture(page, 'on-a-photograph');
  });

  test('the queue repeats a generation as it was', async () => {
    await openPage(page, 'Queue');
    await page
      .getByRole('row', { name: /hole · fabric/ })
      .getByRole('button', { name: 'Repeat', exact: true })
      .click();
    await page
      .getByRole('row', { name: /hole · fabric.*Succeeded/ })
      .nth(1)
      .waitFor();
    const { samples } = await server.data(
      '{ samples(first: 2, filter: { partNumber: "FABRIC" }) { edges { node { seed strength image { bytes } } } } }',
    );
    const [first, second] = samples.edges.map(({ node }: { node: object }) => node);
    expect(second).toEqual(first);
  });

  test('samples are reviewed with the keyboard alone, and others see it', async () => {
    await openPage(page, 'Gallery');
    const colleague = await visit(browser, server);
    await signInTo(colleague.page);
    await openPage(colleague.page, 'Gallery');
    const gridOf = (one: Page) => one.getByRole('listbox', { name: 'Samples' });
    const reviewed = (one: Page, state: string) => gridOf(one).getByLabel(state);
    await gridOf(colleague.page).getByRole('option').first().waitFor();

    await gridOf(page).focus();
    for (const key of ['a', 'r', 'ArrowLeft', 't']) await page.keyboard.press(key);
    await page.keyboard.type('<i>blurred</i>');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove the tag <i>blurred</i>' }).waitFor();
    await reviewed(colleague.page, 'Accepted').waitFor();
    await reviewed(colleague.page, 'Rejected').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'gallery');

    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await reviewed(colleague.page, 'Rejected').waitFor({ state: 'detached' });
    const { samples } = await server.data('{ samples(first: 2) { edges { node { review { state tags } } } } }');
    expect(samples.edges.map(({ node }: { node: { review: object } }) => node.review)).toEqual([
      { state: 'ACCEPTED', tags: [] },
      { state: 'UNREVIEWED', tags: [] },
    ]);
    await colleague.page.close();
  });

  test('an export is counted, made, and downloaded', async () => {
    await openPage(page, 'Export');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByRole('status').getByText('2 samples').waitFor();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const link = page.getByRole('link', { name: /^Download/ });
    await link.waitFor();
    const answer = await fetch((await link.getAttribute('href')) ?? '');
    expect(answer.headers.get('content-type')).toBe('application/zip');
    await picture(page, 'export');
  });
});
