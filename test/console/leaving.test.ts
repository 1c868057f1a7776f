/** Leaving a page while it draws, and a session that another tab has replaced, in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, openConsole, openPage } from '../support/chromium.js';
import type { Server } from '../support/server.js';
import { TEST_KEY } from '../support/server.js';
import { until } from '../support/until.js';

(HAS_CHROMIUM ? describe : describe.skip)('leaving', () => {
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

  const count = async (field: 'samples' | 'generations', filter: string): Promise<number> =>
    (await server.data(`{ ${field}${filter} { edges { node { id } } } }`))[field].edges.length as number;

  test('a draft whose page was left before it came is set aside too', async () => {
    // Before the pair is known, nothing is drawn, and the slider still moves on the page.
    await page.getByText('The model learned this defect on this product.').waitFor();
    const box = await page.getByRole('slider', { name: 'Strength' }).boundingBox();
    if (box === null) throw new Error('the slider is not shown');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + box.height / 2, { steps: 3 });
    await until(async () => (await count('generations', '(first: 10)')) > 0);
    await page.getByRole('link', { name: 'Queue', exact: true }).dispatchEvent('click');
    await page.getByRole('heading', { level: 1, name: 'Queue' }).waitFor();
    // One, or two if the machine was quick; a draft that another replaced may have no sample.
    const isSetAside = async (): Promise<boolean> =>
      (await count('samples', '(filter: { tag: "draft", review: REJECTED })')) > 0 &&
      (await count('samples', '(filter: { review: UNREVIEWED })')) === 0;
    await until(isSetAside);
    await page.mouse.up();
  });

  test('after another tab has signed in anew, this one goes on, and signs out', async () => {
    const cookies = await page.context().cookies();
    await page.evaluate(
      `fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '${JSON.stringify({ key: TEST_KEY })}' })`,
    );
    expect(await page.context().cookies()).not.toEqual(cookies);
    await openPage(page, 'Models');
    await page.getByRole('heading', { name: /^surfaces-small@/ }).waitFor(); // prettier-ignore
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
  });
});
