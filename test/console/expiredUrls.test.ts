/** URLs of images and archives that expire while a page is open, in real Chromium: the page asks for new ones by itself. */
import type { Browser, Page } from 'playwright-core';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, openConsole, openPage } from '../support/chromium.js';
import { sendGood } from '../support/dataSets.js';
import { QUICK, finished, generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { until } from '../support/until.js';

const SAMPLES = '{ samples(first: 1) { edges { node { image { url } } } } }';

(HAS_CHROMIUM ? describe : describe.skip)('URLs that last for two seconds', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ ARTIFACT_URL_SECONDS: '2' });
    ({ server, browser, page } = opened);
    await finished(server, (await generate(server, { ...QUICK, count: 4, twin: true })).id);
    await sendGood(server, 1);
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  /** All URLs that the pages have by now. */
  async function expired(): Promise<void> {
    const { samples } = await server.data(SAMPLES);
    const [url] = samples.edges.map(({ node }: Json) => node.image.url as string);
    await until(async () => (await fetch(url as string)).status === 410);
  }
  /** All images that the selector finds. */
  const loads = (selector: string): Promise<boolean> =>
    until(() =>
      page.evaluate<boolean>(`(() => {
        const images = [...document.querySelectorAll('${selector}')];
        return images.length > 0 && images.every(({ naturalWidth }) => naturalWidth > 0);
      })()`),
    );
  const show = (view: string): Promise<void> => page.getByText(view, { exact: true }).click();

  test('the gallery shows masks and images that it had not loaded', async () => {
    await openPage(page, 'Gallery');
    await loads('[role=option] img');
    for (const view of ['Mask', 'Overlay', 'Wipe']) {
      await expired();
      await show(view);
      await loads('[role=option] img, aside img');
    }
    await page.getByAltText('The same without the defect').waitFor();
  });

  test('the page that draws shows the masks of what it drew', async () => {
    await openPage(page, 'Draw');
    await page.getByLabel('Product', { exact: true }).selectOption('TILE');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText(/^4 samples\. Seed/).waitFor(); // prettier-ignore
    await expired();
    await show('Mask');
    await loads('main img');
  });

  test('a photograph can be marked, and is sent again as it is', async () => {
    await openPage(page, 'My photographs');
    await page.getByLabel('Product', { exact: true }).selectOption('TILE');
    const photographs = page.getByRole('main').getByRole('listitem').getByRole('button');
    await photographs.waitFor();
    await loads('main li img');
    await photographs.click();
    await page.getByRole('application').focus();
    for (const key of ['Enter', 'Shift+ArrowRight', 'Shift+ArrowDown', 'Enter']) await page.keyboard.press(key);
    await expired();
    await page.getByLabel('The marked defect is').selectOption('CRACK');
    await page.getByRole('button', { name: 'Store as defective, with this mask' }).click();
    await page.getByText('Stored. It can now be transplanted.').waitFor();
  });

  test('an archive is downloaded', async () => {
    await openPage(page, 'Export');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const link = page.getByRole('link', { name: /^Download/ });
    await link.waitFor();
    await expired();
    const download = page.waitForEvent('download');
    await link.click();
    expect((await download).suggestedFilename()).toMatch(/\.zip$/);
    expect(await (await download).failure()).toBeNull();
  });
});
