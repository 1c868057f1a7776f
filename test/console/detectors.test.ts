/** What the page of a training says of detectors with samples and without, in real Chromium, in two languages and widths. */
import type { Browser, Locator, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, NARROW, WIDE, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';
import { screenshot } from '../support/chromium.js';
import { importParts } from '../support/models.js';
import type { Json } from '../support/server.js';
import { FAKE_TRAINER, startTraining, trainableDataSet, trainingEnded } from '../support/trainings.js';

(HAS_CHROMIUM ? describe : describe.skip)('detectors in the verdict of a training', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS, ...FAKE_TRAINER });
    ({ browser, page } = opened);
    const { server } = opened;
    await importParts(server);
    const dataSetId = await trainableDataSet(server, { partNumber: 'BRASS-COG', defectCode: 'DENT' });
    const train = async (name: string, more: object = {}): Promise<Json> => {
      const input = { dataSetId, name, version: '1.0.0', minutes: 30, idempotencyKey: name, ...more };
      return trainingEnded(server, (await startTraining(server, input)).id as string);
    };
    for (const name of ['finishes-cog', 'finishes-better', 'finishes-worse', 'finishes-none']) await train(name);
    await train('finishes-unasked', { measureDetectors: false, minutes: 1 });
    await openPage(page, 'Training');
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  const article = (name: string): Locator => page.getByRole('article', { name: `${name}@1.0.0` });
  const row = (name: string, language = 'en'): Promise<string[]> => {
    const label = { en: `Detectors with samples of ${name}@1.0.0`, de: `mit und ohne Bilder von ${name}@1.0.0` };
    const table = article(name).getByRole('region', { name: label[language as 'en' | 'de'] });
    return table.getByRole('cell').allInnerTexts();
  };

  test('the question and how it was measured are above the table', async () => {
    await article('finishes-cog').getByRole('heading', { name: 'Do samples make a detector better?' }).waitFor();
    await article('finishes-cog').getByText('were measured on photographs kept apart').waitFor();
    const heads = article('finishes-cog')
      .getByRole('region', { name: /^Detectors/ })
      .getByRole('columnheader');
    expect(await heads.allInnerTexts()).toEqual([
      ...['Product', 'Conclusion', 'Gain in points (95 %)', 'Mean IoU without samples, %', 'Mean IoU with samples, %'],
    ]);
  });

  test('a gain has its interval, and one with 0 in it is no difference', async () => {
    const KEPT = 'brass cog, 4 photographs kept apart';
    expect(await row('finishes-cog')).toEqual([
      KEPT,
      'No difference can be told.',
      '+2.0 (-1.0 … +5.0)',
      '50.0',
      '52.0',
    ]);
    expect(await row('finishes-better')).toEqual([
      ...[KEPT, 'Samples make the detector better.', '+6.1 (+1.2 … +10.8)', '50.0', '56.1'],
    ]);
    expect(await row('finishes-worse')).toEqual([
      ...[KEPT, 'Samples make the detector worse.', '-4.1 (-8.5 … -0.5)', '50.0', '45.9'],
    ]);
  });

  test('a product without detectors says why', async () => {
    await article('finishes-cog')
      .getByText('brass ring: no detectors were compared. There was too little time')
      .waitFor();
    const none = article('finishes-none');
    for (const reason of [
      'too little time',
      'needs photographs of good',
      'No sample has a mask',
      'lacks the libraries',
    ])
      expect([reason, await none.getByText(reason).count()]).toEqual([reason, 1]);
    expect(await none.getByRole('region', { name: /^Detectors/ }).count()).toBe(0);
  });

  test('a training that was not to compare detectors says nothing of them', async () => {
    await article('finishes-unasked').getByRole('heading', { name: 'Verdict: is the defect found?' }).waitFor();
    const said = await article('finishes-unasked').innerText();
    expect(said).toContain('on BRASS-COG version 1, for 1 minute\n');
    expect(said).not.toMatch(/detectors/i);
  });

  test('on a phone and in German, the conclusion is in view without scrolling', async () => {
    await page.getByLabel('Language').selectOption('Deutsch');
    await article('finishes-cog').getByRole('heading', { name: 'Machen Bilder einen Detektor besser?' }).waitFor();
    expect(await row('finishes-worse', 'de')).toEqual([
      ...['brass cog, 4 zurückgehaltene Fotos', 'Die Bilder machen den Detektor schlechter.', '-4,1 (-8,5 … -0,5)'],
      ...['50,0', '45,9'],
    ]);
    await article('finishes-cog')
      .getByRole('img', { name: /^Verlust 1,00 bei Schritt 1 von „Adapter“/ })
      .waitFor();
    await page.setViewportSize(NARROW);
    const conclusion = article('finishes-cog').getByText('Es ist kein Unterschied erkennbar.');
    const { x, width } = (await conclusion.boundingBox()) ?? { x: 0, width: Infinity };
    expect(x + width).toBeLessThanOrEqual(NARROW.width);
    expect(await accessibilityFaults(page)).toEqual([]);
    await article('finishes-cog').scrollIntoViewIfNeeded();
    await screenshot(page, 'detectors-390');
    await page.setViewportSize(WIDE);
  });
});
