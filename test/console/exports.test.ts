/** What the page of exports says and asks for, in real Chromium. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import type { OpenConsole } from '../support/chromium.js';
import { HAS_CHROMIUM, accessibilityFaults, openConsole, openPage } from '../support/chromium.js';
import { finished, generate } from '../support/generations.js';
import { send, sendDonor } from '../support/uploads.js';

(HAS_CHROMIUM ? describe : describe.skip)('an export', () => {
  let browser: Browser;
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole({ MODELS_DIR: STUDENT_MODELS });
    ({ browser, page } = opened);
    await openPage(page, 'Export');
  });
  afterAll(() => browser.close());
  afterEach(() => expect(opened.faults).toEqual([]));

  test('of nothing says so, and cannot be started', async () => {
    await page.getByText('There is nothing to export: no sample matches.').waitFor();
    expect(await page.getByRole('button', { name: 'Export', exact: true }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('in the layout of MVTec AD has all defects for testing', async () => {
    await page.getByText('About 0 to train on, 0 to test on').waitFor();
    await page.getByLabel('Format').selectOption('MVTEC_AD');
    await page.getByText('all defects are for testing').waitFor();
    expect(await page.getByText('to train on').count()).toBe(0);
  });

  test('has my real photographs beside the samples, if I say so', async () => {
    const { server } = opened;
    const fabric = readFileSync('test/photographs/fabric.png');
    await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'FELT' });
    await sendDonor(server, fabric, 'FELT', 'DENT');
    const transplant = { reference: { anyOfProduct: true }, defectReference: { anyOfPair: true } };
    const { id } = await generate(server, { partNumber: 'FELT', defectCode: 'DENT', count: 2, ...transplant });
    await finished(server, id);
    await page.reload();
    await page.getByText('2 samples.').waitFor();
    await page.getByLabel('With my real photographs of these defects').check({ force: true });
    await page.getByLabel('With real photographs of other products, too').check({ force: true });
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('and 1 photograph').waitFor();
    await page.getByRole('link', { name: /^Download/ }).waitFor();
    const { exports } = await server.data(
      '{ exports { edges { node { options { photographs { own ofOtherProducts } } } } } }',
    );
    expect(exports.edges[0].node.options.photographs).toEqual({ own: true, ofOtherProducts: true });
  });

  test('says why it is refused, if there is no such photograph', async () => {
    await page.getByLabel('With my real photographs of these defects').uncheck({ force: true });
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText(/no defective photograph matches/).waitFor();
  });
});
