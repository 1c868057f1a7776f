/** Many photographs at once, and what is drawn on them and not stored yet, in real Chromium. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';
import type { Json } from '../support/server.js';
import { until } from '../support/until.js';

/** With four at a time, an upload often ends while the next one is created. */
const IN_FOLDER = 60;
const UPLOADS = /\/uploads\//;

(HAS_CHROMIUM ? describe : describe.skip)('my photographs', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;
  let folder: string;

  beforeAll(async () => {
    opened = await openConsole();
    ({ browser, page } = opened);
    folder = await mkdtemp(join(tmpdir(), 'photographs-'));
    for (let nth = 0; nth < IN_FOLDER; nth++)
      await writeFile(join(folder, `${String(nth)}.png`), await photograph(nth));
    await openPage(page, 'My photographs');
    await page.getByLabel('Product').selectOption('FABRIC');
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  /** One that no other is like. */
  function photograph(nth: number): Promise<Buffer> {
    const background = { r: nth, g: 128, b: 255 - nth };
    return sharp({ create: { width: 64 + nth, height: 64, channels: 3, background } }).png().toBuffer(); // prettier-ignore
  }
  const named = async (name: string, nth: number) => ({ name, mimeType: 'image/png', buffer: await photograph(nth) });
  const button = (name: string | RegExp): Locator => page.getByRole('button', { name });
  const accepted = (text: string): Promise<void> => page.getByRole('status').getByText(text).waitFor();
  const editor = (): Locator => page.getByRole('application');

  /** Beside the field, as a hand drops it. */
  async function drop(path: string): Promise<void> {
    const devTools = await page.context().newCDPSession(page);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await devTools.send('Input.dispatchDragEvent', { type, x: 1000, y: 700, data });
  }

  test('a folder that is dropped anywhere is stored as a whole, with files that are added meanwhile', async () => {
    let release: () => void = () => undefined;
    const sent = new Promise<void>((resolve) => (release = resolve));
    await page.route(UPLOADS, async (route) => {
      await sent;
      await route.continue();
    });
    await drop(folder);
    await accepted(`0 of ${String(IN_FOLDER)} files accepted`);
    const added = [
      await named('added.png', 100),
      { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
    ];
    await page.locator('input[type=file]').setInputFiles(added);
    await accepted(`0 of ${String(IN_FOLDER + 2)} files accepted`);
    release();
    await accepted(`${String(IN_FOLDER + 1)} of ${String(IN_FOLDER + 2)} files accepted`);
    const uploads = page.getByRole('list', { name: 'Uploads' });
    expect(await uploads.innerText()).toMatch(/^empty\.png\s+is empty/);
    await page.unroute(UPLOADS);
    await until(async () => (await button(/\.png.*Good/).count()) > IN_FOLDER);
    expect(await button(/\.png.*Good/).count()).toBe(IN_FOLDER + 1);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('what the connection lost is sent again when asked for', async () => {
    await page.context().setOffline(true);
    await page.locator('input[type=file]').setInputFiles([await named('lost.png', 101)]);
    await page.getByRole('list', { name: 'Uploads' }).getByText('The service did not answer.').waitFor();
    await page.context().setOffline(false);
    await button('Send again').click();
    await button(/^lost\.png/).waitFor();
  });

  test('what is drawn on one photograph is there after a look at another', async () => {
    await button(/^added\.png/).click();
    await editor().focus();
    for (const key of ['Enter', 'Shift+ArrowRight', 'Shift+ArrowDown', 'Enter']) await page.keyboard.press(key);
    expect(await button('Undo').isEnabled()).toBe(true);
    await button(/^lost\.png/).click();
    await page.getByRole('heading', { name: 'lost.png' }).waitFor();
    expect(await button('Undo').isEnabled()).toBe(false);
    await button(/^added\.png/).click();
    await page.getByRole('heading', { name: 'added.png' }).waitFor();
    expect(await button('Undo').isEnabled()).toBe(true);
  });

  test('only the first button of a mouse draws', async () => {
    const draw = async (which: 'left' | 'right'): Promise<void> => {
      const { x = 0, y = 0 } = (await editor().locator('canvas').boundingBox()) ?? {};
      await page.mouse.move(x + 20, y + 20);
      await page.mouse.down({ button: which });
      await page.mouse.move(x + 80, y + 60, { steps: 3 });
      await page.mouse.up({ button: which });
    };
    await button('Clear').click();
    await draw('right');
    expect(await button('Undo').isEnabled()).toBe(false);
    await draw('left');
    expect(await button('Undo').isEnabled()).toBe(true);
  });

  test('a reload stays at the product and the photograph', async () => {
    const { product } = await opened.server.data(
      '{ product(partNumber: "FABRIC") { references(first: 100) { edges { node { id name } } } } }',
    );
    const { id } = product.references.edges
      .map(({ node }: Json) => node)
      .find(({ name }: Json) => name === 'added.png');
    await page.waitForURL(`**/photographs?product=FABRIC&photograph=${id as string}`);
    await page.reload();
    await page.getByRole('heading', { name: 'added.png' }).waitFor();
    expect(await page.getByLabel('Product').inputValue()).toBe('FABRIC');
  });

  test('a page that offers many photographs is no longer than its content', async () => {
    await openPage(page, 'Draw');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByLabel('Draw', { exact: true }).selectOption('PHOTOGRAPH');
    await page.getByRole('radio', { name: 'added.png' }).waitFor();
    const beyond =
      'document.documentElement.scrollHeight - document.querySelector("#root").getBoundingClientRect().height';
    // The height that can be scrolled is told in whole pixels.
    expect(await page.evaluate<number>(beyond)).toBeLessThan(1);
  });
});
