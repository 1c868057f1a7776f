/** From the sign-in to a data set, in real Chromium, on the real service and the default bundle. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import {
  HAS_CHROMIUM,
  accessibilityFaults,
  choose,
  openConsole,
  openPage,
  picture,
  screenshot,
  signInTo,
  visit,
} from '../support/chromium.js';
import { holdAfter } from '../support/browserSockets.js';
import { generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { until } from '../support/until.js';

(HAS_CHROMIUM ? describe : describe.skip)('from the sign-in to a data set', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole();
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

  test('while the model draws with all its steps, previews are shown until the samples come', async () => {
    // What follows the first previews is held back until they were looked at.
    const letGo = await holdAfter(page, '"image":"data:');
    await page.reload();
    await page.getByLabel('Samples').fill('1');
    await page.getByLabel('All steps of the model').check();
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    const preview = page.getByText('Preview: it is being drawn');
    await preview.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'preview');
    letGo();
    await page.getByText(/^1 sample\. Seed/).waitFor();
    expect([await sample().count(), await preview.count()]).toEqual([1, 0]);
    await page.getByLabel('All steps of the model').uncheck();
  });

  test('drafts stay out of the gallery, and the samples do not', async () => {
    const count = async (filter: string): Promise<number> => {
      const { samples } = await server.data(`{ samples(filter: { ${filter} }) { edges { node { id } } } }`);
      return samples.edges.length;
    };
    // One sample for each time that "Draw" was pressed, one when the strength was let go.
    await until(async () => (await count('review: UNREVIEWED')) === 3);
    expect(await count('review: REJECTED, tag: "draft"')).toBe(await count('review: REJECTED'));
    await openPage(page, 'Gallery');
    const shown = page.getByRole('listbox', { name: 'Samples' }).getByRole('option');
    await shown.first().waitFor();
    expect(await shown.count()).toBe(3);
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
    await choose(page.getByRole('radio', { name: 'fabric.png' }));
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

  test('"Repeat with changes" fills the page with the photograph, the region, and the seed', async () => {
    const last =
      '{ generations(first: 1) { edges { node { request { seed region { polygons { x y } } reference { ids } } } } } }';
    const former = (await server.data(last)).generations.edges[0].node.request as { seed: number };
    await page
      .getByRole('row', { name: /hole · fabric/ })
      .first()
      .getByRole('link', { name: 'Repeat with changes' })
      .click();
    await page.getByRole('radio', { name: 'fabric.png' }).waitFor();
    expect(await page.getByRole('radio', { name: 'fabric.png' }).isChecked()).toBe(true);
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe(String(former.seed));
    expect(await page.getByText('This generation also has').count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    expect(await page.getByRole('button', { name: 'Undo' }).isEnabled()).toBe(true);
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText(/^1 sample\. Seed/).waitFor();
    expect((await server.data(last)).generations.edges[0].node.request).toEqual(former);
    await openPage(page, 'Queue');
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
    await page.getByLabel('Product', { exact: true }).selectOption('FABRIC');
    await page.getByRole('status').getByText('3 samples').waitFor();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const link = page.getByRole('link', { name: /^Download/ });
    await link.waitFor();
    const answer = await fetch((await link.getAttribute('href')) ?? '');
    expect(answer.headers.get('content-type')).toBe('application/zip');
  });

  test('"Repeat with changes" names what it leaves out, and asks for another image than a sample', async () => {
    const { samples } = await server.data(
      '{ samples(last: 1) { edges { node { id generation { product { partNumber } defect { code } } } } } }',
    );
    const { id, generation } = samples.edges[0].node as Json;
    await generate(server, {
      partNumber: generation.product.partNumber,
      defectCode: generation.defect.code,
      reference: { sampleId: id },
      strength: { min: 1, max: 2 },
      maskMode: 'AVERAGE_PIXELS',
    });
    await openPage(page, 'Queue');
    // The list that was read before is shown first, and this one is not in it.
    await page
      .getByRole('row', { name: /strength 1 … 2/ })
      .getByRole('link', { name: 'Repeat with changes' })
      .click();
    await page
      .getByText('This generation also has a sample that it is drawn on, several strengths, and another mask mode.')
      .waitFor();
    expect(await page.getByLabel('Draw', { exact: true }).inputValue()).toBe('PHOTOGRAPH');
    await page.getByText('Choose the photograph to draw on.').waitFor();
    expect(await page.getByRole('button', { name: 'Draw', exact: true }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
