/** Keyboard review beside others, in real Chromium: nothing that was typed or decided is lost without a word. */
import type { Browser, Locator, Page } from 'playwright-core';
import { breakable } from '../support/browserSockets.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';
import { QUICK, finished, generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { until } from '../support/until.js';

const SAMPLES = 60;

(HAS_CHROMIUM ? describe : describe.skip)('reviewing', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;
  let grid: Locator;
  let ids: readonly string[];

  beforeAll(async () => {
    opened = await openConsole({ MAX_ROWS: '64' });
    ({ server, browser, page } = opened);
    await finished(server, (await generate(server, { ...QUICK, steps: 1, count: SAMPLES })).id);
    const { samples } = await server.data(`{ samples(first: ${String(SAMPLES)}) { edges { node { id } } } }`);
    ids = samples.edges.map(({ node }: Json) => node.id as string);
    await openPage(page, 'Gallery');
    grid = page.getByRole('listbox', { name: 'Samples' });
    await grid.getByRole('option').first().waitFor();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const comment = (): Locator => page.getByLabel('Comment');
  const at = (nth: number): Locator => grid.locator(`[aria-posinset="${String(nth)}"]`);
  const chosen = (nth: number): Promise<void> => grid.locator(`[aria-posinset="${String(nth)}"][aria-selected=true]`).waitFor(); // prettier-ignore
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const review = (nth: number): Promise<Json> => {
    const input = { reviews: [{ sampleId: ids[nth - 1], version: 0, state: 'ACCEPTED' }] };
    return server.data('mutation ($input: ReviewSamplesInput!) { reviewSamples(input: $input) { conflicts { id } } }', { input }); // prettier-ignore
  };
  const reviewOf = async (nth: number): Promise<Json> => {
    const query = 'query ($id: ID!) { node(id: $id) { ... on Sample { review { state comment tags } } } }';
    return (await server.data(query, { id: ids[nth - 1] })).node.review;
  };

  test('a comment that is being typed stays while somebody else reviews the sample', async () => {
    await chosen(1);
    await press('c');
    await page.keyboard.type('a scratch');
    await review(1);
    await at(1).getByLabel('Accepted').waitFor();
    await page.keyboard.type(' at the edge');
    expect(await comment().inputValue()).toBe('a scratch at the edge');
    await press('Escape', 'ArrowRight');
    await chosen(2);
    await until(async () => (await reviewOf(1)).comment === 'a scratch at the edge');
  });

  test('after a tag, the keys go on, and U undoes at the sample that it belonged to', async () => {
    await press('t');
    await page.keyboard.type('edge');
    await press('Enter', 'a');
    await chosen(3);
    await at(2).getByLabel('Accepted').waitFor();
    expect(await reviewOf(2)).toEqual({ state: 'ACCEPTED', comment: '', tags: ['edge'] });
    await press('u');
    await chosen(2);
    expect(await reviewOf(2)).toEqual({ state: 'UNREVIEWED', comment: '', tags: ['edge'] });
  });

  test('whoever comes second is told so, also at the next sample, and nothing typed is lost', async () => {
    const connection = await breakable(page);
    await page.reload();
    await chosen(1);
    await connection.cut();
    await review(4);
    await press('ArrowRight', 'ArrowRight', 'ArrowRight');
    await chosen(4);
    await press('r', 'a');
    const told = page.getByRole('alert').getByText('Somebody else reviewed a sample before you.');
    await told.waitFor();
    await at(5).getByLabel('Accepted').waitFor();
    expect(await told.count()).toBe(1);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await reviewOf(4)).toEqual({ state: 'ACCEPTED', comment: '', tags: [] });
    await page.getByRole('button', { name: 'Show it' }).click();
    await chosen(4);

    await review(7);
    await at(7).click();
    await comment().fill('too faint');
    await at(8).click();
    await page.getByText('Somebody else reviewed 2 samples before you.').waitFor();
    await at(7).click();
    expect(await comment().inputValue()).toBe('too faint');
    connection.mend();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('Somebody else').waitFor({ state: 'detached' });
  });

  test('the chosen sample stays in the window while one after another is accepted', async () => {
    await at(9).click();
    for (let nth = 10; nth <= SAMPLES; nth++) await press('a');
    await chosen(SAMPLES);
    const box = await at(SAMPLES).boundingBox();
    expect(box?.y).toBeLessThan(page.viewportSize()?.height ?? 0);
  });

  test('two tags that are added before the first one is stored are both kept', async () => {
    const tagged = async (): Promise<Json[]> => {
      const { samples } = await server.data(
        '{ samples(first: 2, filter: { tag: "later" }) { edges { node { review { tags } } } } }',
      );
      return samples.edges.map(({ node }: Json) => node.review.tags);
    };
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/graphql', async (route) => {
      await held;
      await route.continue();
    });
    for (const tag of ['late', 'later']) {
      await press('t');
      await page.keyboard.type(tag);
      await press('Enter');
    }
    letGo();
    await until(async () => (await tagged()).length === 1);
    expect(await tagged()).toEqual([['late', 'later']]);
    await page.unroute('**/graphql');
  });

  test('a reload and the way back keep the filter, the order, and the view', async () => {
    await page.getByLabel('Review', { exact: true }).selectOption('Accepted');
    await page.getByLabel('Order').selectOption('Strength: largest first');
    await page.getByText('Mask', { exact: true }).click();
    await page.waitForURL(/review=ACCEPTED.*order=strength\+DESC.*view=mask/);
    await page.reload();
    await grid.getByRole('option').first().waitFor();
    await openPage(page, 'Queue');
    await page.goBack();
    await grid.getByRole('option').first().waitFor();
    expect(await page.getByLabel('Review', { exact: true }).inputValue()).toBe('ACCEPTED');
    expect(await page.getByLabel('Order').inputValue()).toBe('strength DESC');
    expect(await page.getByRole('radio', { name: 'Mask' }).isChecked()).toBe(true);
  });

  test('the keys go on after a sample is deleted, or kept', async () => {
    await page.getByRole('button', { name: 'Delete …' }).click();
    await press('Enter');
    await page.getByRole('button', { name: 'Delete …' }).waitFor();
    await press('Enter');
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).waitFor({ state: 'detached' });
    await press('ArrowRight');
    await chosen(2);
  });
});
