/** What people do with their photographs, and what breaks while they draw, in real Chromium with the default bundle. */
import type { Browser, Locator, Page } from 'playwright-core';
import { breakable } from '../support/browserSockets.js';
import type { OpenConsole } from '../support/chromium.js';
import { originOf } from '../support/console.js';
import {
  HAS_CHROMIUM,
  accessibilityFaults,
  choose,
  openConsole,
  openPage,
  picture,
  signInTo,
} from '../support/chromium.js';
import { SPOT, spotted } from '../support/donors.js';
import { fabric } from '../support/photographStage.js';
import { generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { until } from '../support/until.js';

/** Pixels of the photograph of the fabric per side. */
const SIDE = 256;
const MANY = 24;

(HAS_CHROMIUM ? describe : describe.skip)('flows', () => {
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

  const editor = (): Locator => page.getByRole('application');
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const samples = (): Locator => page.getByAltText(/^hole on fabric, strength/);

  /** Where a pixel of the photograph is on the screen. */
  async function pointerTo(x: number, y: number): Promise<void> {
    await editor().scrollIntoViewIfNeeded();
    const box = await editor().locator('canvas').boundingBox();
    if (box === null) throw new Error('the photograph is not shown');
    await page.mouse.move(box.x + (x * box.width) / SIDE, box.y + (y * box.height) / SIDE);
  }

  async function paint(...points: readonly (readonly [number, number])[]): Promise<void> {
    const [[x, y], ...others] = points as [[number, number], ...[number, number][]];
    await pointerTo(x, y);
    await page.mouse.down();
    for (const [nextX, nextY] of others) await pointerTo(nextX, nextY);
    await page.mouse.up();
  }

  const lastRequest = async (): Promise<Json> => {
    const { generations } = await server.data(
      '{ generations(first: 1) { edges { node { status request { region { maskId polygons { x y } } reference { ids } defectReference { ids cutPaste { ids window } } } } } } }',
    );
    return generations.edges[0].node.request;
  };

  async function drawOne(): Promise<void> {
    await page.getByLabel('Samples').fill('1');
    await button('Draw').click();
    await page.getByText(/^1 sample\. Seed/).waitFor();
  }

  test('the mask of a defect is painted over a photograph, and the defect transplanted to another', async () => {
    await openPage(page, 'My photographs');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.locator('input[type=file]').setInputFiles([
      { name: 'good.png', mimeType: 'image/png', buffer: fabric },
      { name: 'spotted.png', mimeType: 'image/png', buffer: await spotted() },
    ]);
    await page.getByRole('button', { name: /^spotted\.png/ }).click();
    await page.getByText('Brush', { exact: true }).click();
    const { x, y, radius } = SPOT;
    for (const dy of [-6, 0, 6]) await paint([x - radius + 4, y + dy], [x, y + dy], [x + radius - 4, y + dy]);
    await page.getByLabel('The marked defect is').selectOption('HOLE');
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'painted');
    await button('Store as defective, with this mask').click();
    await page.getByText('Stored. It can now be transplanted.').waitFor();
    await page.getByRole('button', { name: /^spotted\.png.*Defective/ }).waitFor();

    await openPage(page, 'Draw');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByLabel('Defect').selectOption('HOLE');
    await page.getByLabel('Draw', { exact: true }).selectOption('TRANSPLANT');
    await choose(page.getByRole('radio', { name: 'good.png' }));
    const donors = page.getByRole('group', { name: 'Defective photograph, with its mask' });
    await choose(donors.getByRole('radio', { name: 'spotted.png' }));
    await drawOne();
    await picture(page, 'transplanted');
    const { product } = await server.data(
      '{ product(partNumber: "FABRIC") { references(first: 9) { edges { node { id name state mask { areaFraction } } } } } }',
    );
    const donor = product.references.edges
      .map(({ node }: Json) => node)
      .find(({ state }: Json) => state === 'DEFECTIVE');
    const spot = (Math.PI * radius ** 2) / SIDE ** 2;
    expect(donor.mask.areaFraction / spot).toBeGreaterThan(0.6);
    expect(donor.mask.areaFraction / spot).toBeLessThan(1.7);
    expect((await lastRequest()).defectReference.ids).toEqual([donor.id]);
  });

  test('what is transplanted is a patch of a good part, or of other products, which have none yet', async () => {
    const { ids: good } = (await lastRequest()).reference;
    await page.getByLabel('Take the defect from').selectOption('CUT_PASTE');
    await drawOne();
    expect((await lastRequest()).defectReference).toMatchObject({ ids: null, cutPaste: { ids: good } });

    await page.getByLabel('Take the defect from').selectOption('OF_OTHER_PRODUCTS');
    await button('Draw').click();
    await page.getByText(/no other product has a defective photograph/).waitFor();

    await page.getByLabel('Take the defect from').selectOption('OF_PAIR');
    await drawOne();
    expect((await lastRequest()).defectReference).toMatchObject({ ids: [expect.any(String)], cutPaste: null });
  });

  test('while the strength of a transplant is dragged, drafts are shown', async () => {
    const slider = page.getByRole('slider', { name: 'Strength' });
    await slider.scrollIntoViewIfNeeded();
    const box = await slider.boundingBox();
    if (box === null) throw new Error('the slider is not shown');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 40, box.y + box.height / 2, { steps: 4 });
    await page.getByText('Draft', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.mouse.up();
    await page.getByText(/^1 sample\. Seed/).waitFor();
  });

  test('a region is a polygon, clicked corner by corner, or painted with the brush', async () => {
    await page.getByLabel('Draw', { exact: true }).selectOption('PHOTOGRAPH');
    await page.getByText('Draw the region').click();
    await page.getByText('Polygon', { exact: true }).click();
    const corners = [[40, 40], [200, 50], [120, 210]] as const; // prettier-ignore
    for (const corner of [...corners, corners[0]]) await paint(corner);
    await drawOne();
    const [polygon] = (await lastRequest()).region.polygons;
    expect(polygon.map(({ x, y }: Json) => [Math.round(x), Math.round(y)])).toEqual(corners);

    await button('Clear').click();
    await page.getByText('Brush', { exact: true }).click();
    await paint([60, 60], [120, 60], [120, 120]);
    await page.getByText('A painted region is set.').waitFor();
    await drawOne();
    expect((await lastRequest()).region).toMatchObject({ maskId: expect.any(String), polygons: null });
  });

  test('a click of the brush is a dot, and a mask that is still sent when the region is cleared is of no use', async () => {
    await button('Clear').click();
    await paint([60, 60]);
    await page.getByText('A painted region is set.').waitFor();
    await drawOne();
    const { maskId } = (await lastRequest()).region;
    const query = 'query ($id: ID!) { regionMask(id: $id) { areaFraction } }';
    expect((await server.data(query, { id: maskId })).regionMask.areaFraction).toBeGreaterThan(0);

    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await button('Clear').click();
    await page.route('**/uploads/**', async (route) => {
      await held;
      await route.continue();
    });
    const [sent] = await Promise.all([page.waitForRequest('**/uploads/**'), paint([60, 60], [120, 60])]);
    await button('Clear').click();
    const answered = page.waitForEvent('requestfinished', (request) => request === sent);
    letGo();
    await answered;
    await page.unroute('**/uploads/**');
    await drawOne();
    expect((await lastRequest()).region).toMatchObject({ maskId: null, polygons: null });
  });

  test('several donors of a generation that is repeated are kept until others are chosen', async () => {
    const repeated = { partNumber: 'FABRIC', defectCode: 'HOLE', count: 2, seed: 5 };
    const { id } = await generate(server, { ...repeated, reference: { anyOfProduct: true }, defectReference: { cutPaste: { window: 64 } } }); // prettier-ignore
    await page.goto(`${originOf(server)}/?repeat=${id}`);
    const donors = page.getByLabel('Take the defect from');
    await until(async () => (await page.getByLabel('Seed', { exact: true }).inputValue()) === '5');
    expect(await donors.inputValue()).toBe('REPEATED');
    await button('Draw').click();
    await page.getByText(/^2 samples\. Seed/).waitFor();
    expect((await lastRequest()).defectReference.cutPaste).toMatchObject({ window: 64 });

    await page.getByLabel('Defect', { exact: true }).selectOption('STAIN');
    expect(await donors.inputValue()).toBe('CHOSEN');
    await page.getByLabel('Defect', { exact: true }).selectOption('HOLE');
    await donors.selectOption('CUT_PASTE');
    await drawOne();
    expect((await lastRequest()).defectReference.cutPaste).toMatchObject({ window: null });
    await page.goto('about:blank'); // the next test begins with an empty page
  });

  test('a drawing goes on after the last event when its connection breaks', async () => {
    const connection = await breakable(page);
    await page.goto(originOf(server));
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByLabel('Defect').selectOption('HOLE');
    await page.getByLabel('Samples').fill(String(MANY));
    await button('Draw').click();
    await samples().first().waitFor();
    await connection.cut();
    connection.mend();
    await page.getByText(`${String(MANY)} samples. Seed`).waitFor();
    expect(await samples().count()).toBe(MANY);
    const asked = connection.sent.filter((message) => message.includes('generationEvents'));
    const after = asked.map((message) => (JSON.parse(message) as Json).payload.variables.after as number);
    expect(after[0]).toBe(0);
    expect(after.at(-1)).toBeGreaterThan(0);
  });

  test('a session that ends while the page draws leaves all as it is, and whoever signs in again sees the rest', async () => {
    const { createApiKey } = await server.data(
      'mutation { createApiKey(input: { name: "short", role: OPERATOR }) { secret apiKey { id } } }',
    );
    await button('Sign out').click();
    await page.getByLabel('API key').fill(createApiKey.secret as string);
    await page.keyboard.press('Enter');
    await page.getByLabel('Product').selectOption('FABRIC');
    await page.getByLabel('Defect').selectOption('HOLE');
    await page.getByLabel('Samples').fill(String(MANY));
    await button('Draw').click();
    await samples().first().waitFor();
    await server.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: createApiKey.apiKey.id });
    await page.getByText('You were signed out').waitFor();
    const succeeded = '{ generations(first: 1) { edges { node { status } } } }';
    await until(async () => (await server.data(succeeded)).generations.edges[0].node.status === 'SUCCEEDED');
    await signInTo(page);
    await page.getByText(`${String(MANY)} samples. Seed`).waitFor();
    expect(await samples().count()).toBe(MANY);
    expect(await page.getByLabel('Product').inputValue()).toBe('FABRIC');
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});
