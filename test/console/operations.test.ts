/** What administrators do in the console: keys, webhooks, cancelling, and GraphiQL, in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import {
  HAS_CHROMIUM,
  WIDE,
  accessibilityFaults,
  buildConsole,
  launchChromium,
  openPage,
  signInTo,
  visit,
} from '../support/chromium.js';
import { signIn } from '../support/console.js';
import { QUICK, SLOW, generate } from '../support/generations.js';
import { LOCAL_WEBHOOKS, startReceiver } from '../support/receiver.js';
import type { Server } from '../support/server.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';

/** The first try and its three repetitions. */
const TRIES = 4;
/** How long one press of GraphiQL's button may take. */
const ANSWER_MS = 10_000;

(HAS_CHROMIUM ? describe : describe.skip)('operations', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    buildConsole();
    server = await startServer(LOCAL_WEBHOOKS);
    browser = await launchChromium();
    ({ page, faults } = await visit(browser, server));
    await signInTo(page);
  });
  afterAll(() => browser.close());
  afterEach(() => expect(faults).toEqual([]));

  test('a key is created with the keyboard, shown once, and revoked', async () => {
    await openPage(page, 'Operations');
    await page.getByRole('textbox', { name: 'Name' }).focus();
    await page.keyboard.type('<b>MES</b>');
    await page.keyboard.press('Enter');
    const secret = await page.getByRole('status').locator('code').innerText();
    expect((await signIn(server, secret)).csrfToken).toMatch(/./);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Revoke <b>MES</b> …' }).click();
    await page.getByRole('button', { name: 'Keep' }).click();
    expect((await signIn(server, secret)).csrfToken).toMatch(/./);
    await page.getByRole('button', { name: 'Revoke <b>MES</b> …' }).click();
    await page.getByText('Requests with it are refused at once').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Revoke for good' }).click();
    await page.getByRole('row', { name: /<b>MES<\/b>.*Revoked on/ }).waitFor();
    await expect(signIn(server, secret)).rejects.toThrow('401');
  });

  test('a device says which share of the last minute it denoised', async () => {
    await page.getByRole('row', { name: /^cpu \(cpu\) Ready \d+% of the last minute/ }).waitFor();
  });

  test('the use of each quota is shown', async () => {
    for (const quota of ['Unfinished generations', 'Pixel steps today', 'Minutes of training today', 'Stored bytes'])
      await page.getByText(quota, { exact: true }).waitFor();
  });

  test('a long name does not push what can be done with its key out of sight', async () => {
    const name = 'x'.repeat(190);
    await server.data('mutation ($name: String!) { createApiKey(input: { name: $name, role: VIEWER }) { secret } }', { name }); // prettier-ignore
    await page.reload();
    const { x, width } = (await page.getByRole('button', { name: `Revoke ${name} …` }).boundingBox()) ?? { x: Infinity, width: 0 }; // prettier-ignore
    expect(x + width).toBeLessThanOrEqual(WIDE.width);
  });

  test('a webhook is deleted after asking', async () => {
    const receiver = await startReceiver((response) => response.writeHead(204).end());
    await page.getByLabel('URL that receives the events').fill(receiver.url);
    await page.getByRole('button', { name: 'Create a webhook' }).click();
    const deliveries = page.getByRole('region', { name: `Deliveries to ${receiver.url}` });
    await deliveries.waitFor();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByText(`Delete the webhook to ${receiver.url}?`).waitFor();
    await page.getByRole('button', { name: 'Keep' }).click();
    expect(await deliveries.count()).toBe(1);
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await deliveries.waitFor({ state: 'detached' });
  });

  test('a delivery that was given up says why, and is sent again', async () => {
    const receiver = await startReceiver((response, nth) => response.writeHead(nth > TRIES ? 204 : 500).end());
    await page.getByLabel('URL that receives the events').fill(receiver.url);
    await page.getByRole('button', { name: 'Create a webhook' }).click();
    await page.getByRole('region', { name: /^Deliveries to/ }).waitFor();
    await generate(server, QUICK);
    const state = async (): Promise<string> => {
      const { webhooks } = await server.data(
        '{ webhooks { edges { node { deliveries { edges { node { status } } } } } } }',
      );
      return webhooks.edges[0].node.deliveries.edges
        .map(({ node }: { node: { status: string } }) => node.status)
        .join();
    };
    await until(async () => (await state()) === 'FAILED');
    const delivery = page.getByRole('row', { name: /GENERATION_SUCCEEDED/ });
    await delivery.getByText('Given up', { exact: true }).waitFor();
    await delivery.getByRole('button', { name: 'Send again' }).click();
    await until(async () => (await state()) === 'SUCCEEDED');
    await delivery.getByText('Succeeded', { exact: true }).waitFor();
  });

  test('many deliveries appear as they are made, page after page', async () => {
    const receiver = await startReceiver((response) => response.writeHead(204).end());
    await server.data(
      'mutation ($url: String!) { createWebhook(input: { url: $url, events: [SAMPLE_READY] }) { secret } }',
      { url: receiver.url },
    );
    await page.reload();
    await generate(server, { ...QUICK, count: 12 });
    const rows = page.getByRole('row', { name: /^SAMPLE_READY Succeeded/ });
    await rows.nth(9).waitFor();
    expect(await rows.count()).toBe(10);
    await page.getByRole('button', { name: 'Load more' }).click();
    await rows.nth(11).waitFor();
  });

  test('a running generation is canceled in the queue', async () => {
    await generate(server, SLOW);
    await openPage(page, 'Queue');
    const row = page.getByRole('row', { name: /60 samples/ });
    await row.getByRole('button', { name: 'Cancel' }).click();
    await row.getByText('Canceled').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('GraphiQL runs a query as whoever is signed in', async () => {
    await page.goto(server.url);
    // What is typed into the editor is completed by it, so its first query is run as it stands,
    // and the button does nothing before the editor holds it.
    await page.locator('.graphiql-query-editor .CodeMirror-line', { hasText: 'products' }).waitFor();
    const answer = page.locator('.graphiql-response').getByText('"partNumber"').first();
    await until(async () => {
      await page.getByRole('button', { name: /Execute query/ }).click();
      return answer.waitFor({ timeout: ANSWER_MS }).then(
        () => true,
        () => false,
      );
    });
  });
});
