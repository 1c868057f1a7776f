/** The trainings of a tenant as two people see them, one of them in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, openConsole, openPage } from '../support/chromium.js';
import { importParts } from '../support/models.js';
import { FAKE_TRAINER, endTraining, startTraining, trainableDataSet } from '../support/trainings.js';

(HAS_CHROMIUM ? describe : describe.skip)('a training of somebody else', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS, ...FAKE_TRAINER });
    ({ browser, page } = opened);
    await importParts(opened.server);
    await openPage(page, 'Training');
    await page.getByText('Nothing here yet.').waitFor();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  test('appears when it is started, and cannot be published after they discard it', async () => {
    const { server } = opened;
    const dataSetId = await trainableDataSet(server, { partNumber: 'BRASS-COG', defectCode: 'DENT' });
    const { id } = await startTraining(server, { dataSetId, name: 'finishes-elsewhere', version: '1.0.0' });
    const others = page.getByRole('article', { name: 'finishes-elsewhere@1.0.0' });
    await others.getByText('Succeeded').waitFor();
    await others.getByRole('button', { name: 'Publish' }).waitFor();
    await endTraining(server, 'discard', id as string);
    await others.getByRole('button', { name: 'Publish' }).click();
    await others.getByText('Discarded', { exact: true }).waitFor();
    expect(await others.getByRole('button').count()).toBe(0);
  });
});
