/** The gallery in real Chromium, with many samples of the tiny models. */
import type { Browser, Locator, Page, Request } from 'playwright-core';
import { breakable } from '../support/browserSockets.js';
import type { OpenConsole } from '../support/chromium.js';
import { originOf } from '../support/console.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage, screenshot } from '../support/chromium.js';
import { QUICK, finished, generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { until } from '../support/until.js';

const GENERATIONS = 5;
const EACH = 50;

(HAS_CHROMIUM ? describe : describe.skip)('the gallery', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;
  let grid: Locator;

  beforeAll(async () => {
    opened = await openConsole({ MAX_ROWS: '64' });
    ({ server, browser, page } = opened);
    const input = { ...QUICK, steps: 1, count: EACH, strength: { min: 1, max: 3 } };
    for (let i = 0; i < GENERATIONS; i++) await finished(server, (await generate(server, { ...input, seed: i })).id);
    await openPage(page, 'Gallery');
    grid = page.getByRole('listbox', { name: 'Samples' });
    await grid.getByRole('option').first().waitFor();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const first = (): Promise<string> => grid.getByRole('option').first().getByRole('img').getAttribute('alt') as Promise<string>; // prettier-ignore

  /** Answers the operation with an error as a whole, until the routes are removed. */
  const refuse = (operation: string): Promise<unknown> =>
    page.route('**/graphql', (route) =>
      (route.request().postData() ?? '').includes(` ${operation}(`)
        ? route.fulfill({ json: { data: null, errors: [{ message: 'not now' }] } })
        : route.fallback(),
    );

  test('says how many there are, and loads more pages while it is scrolled', async () => {
    await page
      .getByRole('status')
      .getByText(`${String(GENERATIONS * EACH)} samples`)
      .waitFor();
    const last = grid.locator(`[aria-posinset="${String(GENERATIONS * EACH)}"]`);
    expect(await last.count()).toBe(0);
    while ((await last.count()) === 0) await page.mouse.wheel(0, 400);
    await page.evaluate('window.scrollTo(0, 0)');
  });

  test('sorts all samples, not those that are loaded', async () => {
    const extreme = async (direction: string): Promise<string> => {
      const { samples } = await server.data(
        `{ samples(first: 1, orderBy: { field: STRENGTH, direction: ${direction} }) { edges { node { strength } } } }`,
      );
      return samples.edges.map(({ node }: Json) => (node.strength as number).toFixed(2))[0] as string;
    };
    for (const [name, direction] of [
      ['largest', 'DESC'],
      ['smallest', 'ASC'],
    ] as const) {
      // prettier-ignore
      await page.getByLabel('Order').selectOption(`Strength: ${name} first`);
      const strength = await extreme(direction);
      await grid
        .getByRole('option')
        .first()
        .getByAltText(new RegExp(`strength ${strength}`))
        .waitFor();
      expect(await first()).toContain(strength);
    }
    await page.getByLabel('Order').selectOption('Newest first');
  });

  test('a histogram is a filter, and stays that of all samples', async () => {
    const slider = page.getByRole('slider', { name: 'Strength from' });
    const bars = (): Promise<number> => page.evaluate<number>('document.querySelectorAll("svg rect").length');
    const colorOf = (isIn: string): Promise<string> =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('svg rect[data-in="${isIn}"]')).fill`);
    const before = await bars();
    await slider.focus();
    for (let i = 0; i < 50; i++) await page.keyboard.press('ArrowRight');
    await page.getByRole('status').getByText(/^125 samples/).waitFor(); // prettier-ignore
    expect(await bars()).toBe(before);
    const [left, kept] = [await colorOf('false'), await colorOf('true')];
    expect(left).not.toBe(kept);
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'gallery-filtered-1440');
    await page.getByRole('button', { name: 'Remove all filters' }).click();
    await page.getByRole('status').getByText(/^250 samples/).waitFor(); // prettier-ignore
  });

  test('deletes a sample, but only after asking', async () => {
    // The list of the former test may still be read again, and with it another sample would be the chosen one.
    await page.goto(`${originOf(server)}/gallery`);
    await grid.getByRole('option').first().click();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByRole('button', { name: 'Delete …' }).click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await refuse('DeleteSamples');
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('not now').waitFor();
    await page.getByRole('status').getByText(/^250 samples/).waitFor(); // prettier-ignore
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByRole('status').getByText(/^249 samples/).waitFor(); // prettier-ignore
    const { sampleStatistics } = await server.data('{ sampleStatistics { count } }');
    expect(sampleStatistics.count).toBe(249);
  });

  test('asks for a URL again that does not load, such as one that expired', async () => {
    await page.route('**/graphql', async (route) => {
      if (!(route.request().postData() ?? '').includes('query Samples(')) return route.fallback();
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll('signature=', 'signature=x') });
    });
    await page.reload();
    await grid.getByRole('option').first().waitFor();
    const shown = `[...document.querySelectorAll('[role=option] img')].slice(0, 5).every((image) => image.naturalWidth > 0)`;
    await until(() => page.evaluate<boolean>(shown));
    await page.unrouteAll();
  });

  test('reads all samples again after a break so long that nobody knows what was reviewed in it', async () => {
    const longAgo = new Date(Date.now() - 2 * 86_400_000).toISOString();
    let ask: (() => void) | undefined;
    await page.routeWebSocket(/graphql/, (socket) => {
      const service = socket.connectToServer();
      socket.onMessage((message) => {
        const text = String(message);
        if (ask !== undefined || !text.includes('sampleReviews')) return service.send(text);
        ask = () => service.send(text.replace(/"since":"[^"]+"/, `"since":"${longAgo}"`));
      });
    });
    let reads = 0;
    const count = (request: Request): void => {
      const text = request.postData() ?? '';
      if (text.includes('query Samples(') && text.includes('"after":null')) reads += 1;
    };
    page.on('request', count);
    await page.reload();
    await grid.getByRole('option').first().waitFor();
    await until(() => Promise.resolve(ask !== undefined));
    expect(reads).toBe(1);
    ask?.();
    await until(() => Promise.resolve(reads === 2));
    page.off('request', count);
  });

  test('shows reviews that were made while the connection was broken', async () => {
    const connection = await breakable(page);
    await page.reload();
    await grid.getByRole('option').first().waitFor();
    const { samples } = await server.data('{ samples(first: 2) { edges { node { id } } } }');
    const [one, two] = samples.edges.map(({ node }: Json) => node.id as string);
    const review = (id: string): Promise<Json> =>
      server.data(
        `mutation { reviewSamples(input: { reviews: [{ sampleId: "${id}", version: 0, state: ACCEPTED }] }) { conflicts { id } } }`,
      );
    await review(one);
    const accepted = grid.getByLabel('Accepted');
    await accepted.first().waitFor();
    await connection.cut();
    await review(two);
    connection.mend();
    await accepted.nth(1).waitFor();
  });

  test('offers all products of a catalog, however many, and loads more of a long list', async () => {
    const products = Array.from({ length: 250 }, (_, i) => ({ partNumber: `N-${String(i).padStart(3, '0')}`, name: `nut ${String(i)}`, promptName: 'tile' })); // prettier-ignore
    await server.data(
      'mutation ($products: [ImportProductInput!]!) { importCatalog(input: { products: $products }) { products { created } } }',
      { products },
    );
    await page.reload();
    await page.getByLabel('Product').locator('option[value="N-249"]').waitFor({ state: 'attached' });
    await openPage(page, 'Catalog');
    const rows = page.getByRole('region', { name: 'Products' }).getByRole('row');
    await rows.nth(100).waitFor();
    const last = page.getByRole('cell', { name: 'N-249' });
    await refuse('CatalogProducts');
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.getByText('not now').waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Load more' }).click();
    await rows.nth(200).waitFor();
    expect(await last.count()).toBe(0);
    await page.getByRole('button', { name: 'Load more' }).click();
    await last.waitFor();
  });
});
