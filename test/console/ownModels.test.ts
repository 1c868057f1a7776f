/** Models of a tenant's own in real Chromium: uploaded, or trained on photographs by a child process in place of the real one. */
import type { Browser, Locator, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import {
  HAS_CHROMIUM,
  accessibilityFaults,
  bluePixels,
  openConsole,
  openPage,
  screenshot,
} from '../support/chromium.js';
import { archiveOf, importParts, modelsOf, zipOf } from '../support/models.js';
import { photograph } from '../support/photographs.js';
import { cogEntries } from '../support/dataSets.js';
import type { Json, Server } from '../support/server.js';
import { FAKE_TRAINER, trainableDataSet } from '../support/trainings.js';
import { until } from '../support/until.js';

(HAS_CHROMIUM ? describe : describe.skip)('models of my own', () => {
  let server: Server;
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS, ...FAKE_TRAINER });
    ({ server, browser, page } = opened);
    await importParts(server);
    await trainableDataSet(server, { partNumber: 'BRASS-COG', defectCode: 'DENT' });
    await page.reload();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const article = (name: string): Locator => page.getByRole('article', { name });
  const idsOf = async (): Promise<string[]> => (await modelsOf(server)).map(({ id }: Json) => id as string);

  async function start(name: string): Promise<Locator> {
    await page.getByLabel('Name of the model').fill(name);
    await button('Start the training').click();
    await article(`${name}@1.0.0`).waitFor();
    return article(`${name}@1.0.0`);
  }

  /** The form of a training says what the API says. */
  async function saysTheDefaults(): Promise<void> {
    const { trainingDefaults, trainingRanges } = (
      await server.data(`{ serverInfo { trainingDefaults { minutes rank priority window zoom license }
        trainingRanges { minutes { max } rank { max } window { max } } } }`)
    ).serverInfo;
    const { minutes, license, ...usual } = trainingDefaults;
    await page.getByText('Windows, licence, and more').click();
    expect(await page.getByLabel('Minutes', { exact: true }).inputValue()).toBe(String(minutes));
    expect(await page.getByLabel('Licence of your photographs').getAttribute('placeholder')).toBe(license);
    const LABELS = { rank: 'Rank of the adapter', priority: 'Priority', window: 'Side of the window', zoom: 'Zoom' };
    for (const [name, label] of Object.entries(LABELS))
      expect([name, await page.getByLabel(label).getAttribute('placeholder')]).toEqual([name, String(usual[name])]);
    await page.getByText(`0.1 to ${String(trainingRanges.minutes.max)}, once it has begun`).waitFor();
    await page.getByText(`1 to ${String(trainingRanges.rank.max)}. More of it`).waitFor();
    await page.getByLabel('Minutes', { exact: true }).fill('');
    expect(
      await page
        .locator('input:invalid')
        .and(page.getByLabel('Minutes', { exact: true }))
        .count(),
    ).toBe(1);
    await page.getByLabel('Minutes', { exact: true }).fill(String(minutes));
    await page.getByLabel('Side of the window').fill(String(trainingRanges.window.max + 1));
    await page.getByLabel('Side of the window').blur();
    expect(await page.getByLabel('Side of the window').inputValue()).toBe(String(trainingRanges.window.max));
    await page.getByLabel('Side of the window').fill('');
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'training-fields');
    await page.getByText('Windows, licence, and more').click();
  }

  test('an archive is refused by its name, or becomes a model with its licence and base', async () => {
    await openPage(page, 'Models');
    const choose = (name: string, buffer: Buffer): Promise<void> =>
      page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/zip', buffer });
    await choose('<b>notes</b>.zip', Buffer.from('no zip'));
    await page.getByRole('alert').getByText(/^<b>notes<\/b>\.zip: \S/).waitFor(); // prettier-ignore
    await choose('cog.zip', await archiveOf('cog'));
    await page.getByText('cog@1.0.0 can be drawn with now.').waitFor();
    await page.getByRole('heading', { name: 'cog@1.0.0' }).waitFor();
    await page.getByText(/^It belongs to student@/).waitFor(); // prettier-ignore
    await page.getByText('It knows 1 pair, and is trained on it (●).').waitFor();
    await page.getByRole('region', { name: 'Coverage of products and defects by cog@1.0.0' }).getByText('brass cog').waitFor(); // prettier-ignore
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'own-model');
  });

  test('an alias is set, moved to another model, and moved back', async () => {
    const aliases = page.getByRole('region', { name: 'Aliases' }).first();
    const standsFor = async (): Promise<Json[]> =>
      (await server.data('{ modelAliases { alias model previousModel } }')).modelAliases;
    await page.getByLabel('New alias').fill('production');
    await page.getByLabel('Stands for').selectOption('cog@1.0.0');
    await button('Set the alias').click();
    await aliases.getByRole('rowheader', { name: 'production' }).waitFor();
    await aliases.getByLabel('Model that production stands for').selectOption('student@1.0.0');
    await button('Move').click();
    await button('Back to cog@1.0.0').waitFor();
    expect(await standsFor()).toEqual([{ alias: 'production', model: 'student@1.0.0', previousModel: 'cog@1.0.0' }]);
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'aliases');
    await button('Back to cog@1.0.0').click();
    await button('Back to student@1.0.0').waitFor();
    expect(await standsFor()).toEqual([{ alias: 'production', model: 'cog@1.0.0', previousModel: 'student@1.0.0' }]);
  });

  test('a model with an alias stays until the alias is deleted', async () => {
    await button('Delete cog@1.0.0 …').click();
    await button('Delete for good').click();
    await page.getByRole('alert').getByText('production').first().waitFor();
    await button('Delete production …').click();
    await button('Delete for good').click();
    await page.getByRole('rowheader', { name: 'production' }).waitFor({ state: 'detached' });
    expect(await idsOf()).toContain('cog@1.0.0');
  });

  test('a model is deleted after asking', async () => {
    await button('Delete cog@1.0.0 …').click();
    await button('Keep').click();
    expect(await idsOf()).toContain('cog@1.0.0');
    await button('Delete cog@1.0.0 …').click();
    await button('Delete for good').click();
    await page.getByRole('heading', { name: 'cog@1.0.0' }).waitFor({ state: 'detached' });
    expect(await idsOf()).not.toContain('cog@1.0.0');
  });

  test('photographs are marked as a data set, trained on, judged, and the model is published', async () => {
    await openPage(page, 'Training');
    await page.getByLabel('Product', { exact: true }).selectOption('BRASS-COG');
    await button('Make the data set').click();
    await page.getByText(/2 good and 2 defective photographs, 0 samples/).waitFor(); // prettier-ignore
    await saysTheDefaults();
    const training = await start('finishes-cog');
    await training.getByText('Succeeded').waitFor();
    await training.getByText('few photographs').waitFor();
    const curve = training.getByRole('img', { name: /^Loss 1\.00 at step 1 of “adapter”/ });
    await curve.locator('canvas').waitFor();
    await until(async () => (await bluePixels(page)) > 0);
    await training.getByAltText('Photographs, and what the model draws after 100 steps').waitFor();
    await training.getByRole('row', { name: 'dent · brass cog 75 % 0 % 100 % None' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'training');
    await training.getByRole('button', { name: 'Publish' }).click();
    await training.getByText('Published as finishes-cog@1.0.0.').waitFor();
    expect(await idsOf()).toContain('finishes-cog@1.0.0');
  });

  test('an archive is refused file by file, or becomes a data set with what is said of its photographs', async () => {
    const entries = await cogEntries();
    const take = async (name: string, files: Record<string, Buffer>): Promise<void> =>
      page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/zip', buffer: await zipOf(files) });
    await page.getByText('An archive', { exact: true }).click();
    await take('broken.zip', { ...entries, 'brass cog/ground_truth/dent/9_mask.png': Buffer.from('no image') });
    const problems = page.getByRole('list', { name: 'What is wrong in the archive' });
    await problems.getByText(/^brass cog\/ground_truth\/dent\/9_mask\.png: \S/).waitFor(); // prettier-ignore
    expect(await accessibilityFaults(page)).toEqual([]);
    await take('<b>cogs</b>.zip', entries);
    await page.getByText(/^<b>cogs<\/b>, version 1: 3 good and 1 defective photographs, 0 samples/).waitFor(); // prettier-ignore
    const findings = page.getByRole('list', { name: '4 photographs may train poorly' });
    await findings.getByText('brass cog/test/dent/3.jpg').waitFor();
    expect(await findings.getByText('is smaller than the window, 128 pixels').count()).toBe(4);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('annotations of a tool are of the product that is chosen', async () => {
    await page.getByText('An archive', { exact: true }).click();
    await page.getByLabel('Name of the data set').fill('annotated');
    await page.getByLabel('Product', { exact: true }).selectOption('BRASS-COG');
    const points = [[8, 8], [28, 8], [28, 28]]; // prettier-ignore
    const shape = { label: 'dent', shape_type: 'polygon', points };
    const { width: imageWidth = 0, height: imageHeight = 0 } = await photograph(60).metadata();
    const buffer = await zipOf({
      'good/0.png': await photograph(61).png().toBuffer(),
      '1.png': await photograph(60).png().toBuffer(),
      '1.json': JSON.stringify({ imageWidth, imageHeight, shapes: [shape] }),
    });
    await page.locator('input[type=file]').setInputFiles({ name: 'labelme.zip', mimeType: 'application/zip', buffer });
    await page.getByText(/^annotated, version 1: 1 good and 1 defective photographs/).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a training is told everything that the API takes', async () => {
    await page.getByText('A former one', { exact: true }).click();
    await page.getByLabel('Data set', { exact: true }).selectOption('<b>cogs</b>, version 1');
    await page.getByLabel('What is made').selectOption('A fine-tuned bundle');
    await page.getByText('Windows, licence, and more').click();
    expect(await page.getByLabel('Rank of the adapter').count()).toBe(0);
    const texts = {
      Minutes: '1.5',
      'Side of the window in pixels': '64',
      Zoom: '0.2',
      Seed: '7',
      Priority: '3',
      'Licence of your photographs': 'CC-BY-4.0',
      'What may be done with your photographs': 'Name us.',
      'Description of the model': 'cogs',
    };
    for (const [label, text] of Object.entries(texts)) await page.getByLabel(label, { exact: true }).fill(text);
    await page.getByLabel('Mirrorings that leave the product plausible').selectOption('Left-right');
    await page.getByLabel('Quarter turns leave the product plausible').check();
    expect(await accessibilityFaults(page)).toEqual([]);
    const training = await start('finishes-whole');
    await training.getByRole('row', { name: 'dent · brass cog 75 % 0 % 100 % 50 % None' }).waitFor();
    const query = `{ trainings(first: 1) { edges { node { kind base minutes priority model { id } dataSet { name }
      options { license terms seed rank windows { partNumber window flips quarterTurns zoom } } } } } }`;
    const { trainings } = await server.data(query);
    expect(trainings.edges[0].node).toEqual({
      ...{ kind: 'FINE_TUNE', base: 'student@1.0.0', minutes: 1.5, priority: 3, model: null },
      dataSet: { name: '<b>cogs</b>' },
      options: {
        ...{ license: 'CC-BY-4.0', terms: 'Name us.', seed: 7, rank: null },
        windows: [{ partNumber: 'BRASS-COG', window: 64, flips: 'LEFT_RIGHT', quarterTurns: true, zoom: 0.2 }],
      },
    });
    await training.getByRole('button', { name: 'Discard …' }).click();
    await training.getByRole('button', { name: 'Discard for good' }).click();
  });

  test('a training that runs is canceled, and a model that nobody wants is discarded', async () => {
    const running = await start('lingers-cog');
    await running.getByText('Phase “adapter”').waitFor();
    await running.getByRole('button', { name: 'Cancel …' }).click();
    await running.getByRole('button', { name: 'Keep' }).click();
    await running.getByText('Running').waitFor();
    await running.getByRole('button', { name: 'Cancel …' }).click();
    await running.getByRole('button', { name: 'Cancel the training' }).click();
    await running.getByText('Canceled').waitFor();
    const unwanted = await start('finishes-again');
    await unwanted.getByRole('button', { name: 'Discard …' }).click();
    await unwanted.getByRole('button', { name: 'Discard for good' }).click();
    await unwanted.getByText('Discarded').waitFor();
    await until(async () => !(await idsOf()).includes('finishes-again@1.0.0'));
  });
});
