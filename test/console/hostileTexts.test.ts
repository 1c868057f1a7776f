/** Long markup in every text that a tenant can give is shown as text, and fits on every page, in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, NARROW, WIDE, openConsole, openPage, screenshot } from '../support/chromium.js';
import { createDataSet } from '../support/dataSets.js';
import { generate } from '../support/generations.js';
import { photograph } from '../support/photographs.js';
import { LOCAL_WEBHOOKS, startReceiver } from '../support/receiver.js';
import type { Json, Server } from '../support/server.js';
import { FAKE_TRAINER, startTraining, trainableDataSet, trainingEnded } from '../support/trainings.js';
import { until } from '../support/until.js';
import { send } from '../support/uploads.js';

/** Runs a script if it ever becomes markup, and is as long as it may be; the name says where it was given. */
const hostile = (name: string): string => `<img src=x onerror=alert("${name}")>${'x'.repeat(name === 'tag' ? 0 : 120)}`;
const CODES = { partNumber: hostile('part number'), defectCode: hostile('code') };

async function giveEverywhere(server: Server, webhook: string): Promise<void> {
  const { partNumber, defectCode } = CODES;
  await server.data(
    'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { created } } }',
    {
      input: {
        products: [{ partNumber, name: hostile('product'), promptName: 'tin' }],
        defects: [{ code: defectCode, name: hostile('defect'), promptName: 'dent' }],
      },
    },
  );
  const { id } = await generate(server, CODES);
  const samples = (): Promise<Json> =>
    server.data('query ($id: ID!) { generation(id: $id) { samples(first: 1) { edges { node { id } } } } }', { id });
  const [sample] = await until(async () => {
    const { edges } = (await samples()).generation.samples;
    return edges.length === 0 ? undefined : (edges as Json[]);
  });
  const review = { sampleId: sample?.node.id, version: 0, tags: [hostile('tag')], comment: hostile('comment') };
  await server.data('mutation ($input: ReviewSamplesInput!) { reviewSamples(input: $input) { samples { id } } }', {
    input: { reviews: [review] },
  });
  const image = await photograph(7).png().toBuffer();
  await send(server, image, { purpose: 'REFERENCE', partNumber, name: hostile('file') });
  await trainableDataSet(server, CODES);
  const dataSetId = (await createDataSet(server, { name: hostile('data set'), partNumbers: [partNumber] })).id;
  const texts = { terms: hostile('terms'), description: hostile('description') };
  const input = { dataSetId, name: 'finishes-hostile', version: '1.0.0', idempotencyKey: 'hostile', ...texts };
  await trainingEnded(server, (await startTraining(server, input)).id as string);
  await server.data('mutation ($name: String!) { createApiKey(input: { name: $name, role: VIEWER }) { secret } }', {
    name: hostile('key'),
  });
  await server.data(
    'mutation ($url: String!) { createWebhook(input: { url: $url, events: [SAMPLE_READY] }) { secret } }',
    { url: `${webhook}?${hostile('webhook')}` },
  );
}

(HAS_CHROMIUM ? describe : describe.skip)('markup in texts', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS, ...FAKE_TRAINER, ...LOCAL_WEBHOOKS });
    ({ browser, page } = opened);
    const receiver = await startReceiver((response) => response.writeHead(204).end());
    await giveEverywhere(opened.server, receiver.url);
    await page.reload();
  });
  afterAll(() => browser.close());

  const PLACES: Record<string, string[]> = {
    Draw: ['product', 'defect'],
    'My photographs': ['file'],
    Gallery: ['tag', 'comment'],
    Compare: ['product', 'defect'],
    Queue: ['product', 'defect'],
    Export: ['product', 'defect'],
    Catalog: ['part number', 'product', 'code', 'defect'],
    Training: ['data set'],
    Operations: ['key'],
  };

  test('an archive that is none is refused in the width of a phone', async () => {
    await openPage(page, 'Training');
    await page.getByText('An archive', { exact: true }).click();
    const file = { name: `${hostile('archive')}.zip`, mimeType: 'application/zip', buffer: Buffer.from('none') };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('alert').getByText('the archive is not a zip file, or only a part of one').waitFor();
    await page.setViewportSize(NARROW);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(NARROW.width);
    await page.setViewportSize(WIDE);
    expect(opened.faults).toEqual([]);
  });

  test.each(Object.keys(PLACES))('%s shows it as it was given', async (name) => {
    await openPage(page, name);
    if (name === 'My photographs') await page.getByLabel('Product').selectOption(CODES.partNumber);
    if (name === 'Gallery') await page.locator('[role=option]').first().click();
    for (const text of PLACES[name] ?? []) await until(async () => (await textsOf(page)).includes(hostile(text)));
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await page.setViewportSize(NARROW);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(NARROW.width);
    await screenshot(page, `hostile-${name}`);
    await page.setViewportSize(WIDE);
    expect(opened.faults).toEqual([]);
  });
});

/** What can be read on the page, in fields too. */
const textsOf = (page: Page): Promise<string> =>
  page.evaluate<string>(`[
    document.body.innerText,
    ...[...document.querySelectorAll('option')].map((option) => option.textContent),
    ...[...document.querySelectorAll('input, textarea')].map((field) => field.value),
  ].join('\\n')`);
