/** Why nobody is signed in, in the language of the page and in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import { HAS_CHROMIUM, accessibilityFaults, buildConsole, launchChromium, visit } from '../support/chromium.js';
import type { Server } from '../support/server.js';
import { startServer } from '../support/server.js';

(HAS_CHROMIUM ? describe : describe.skip)('signing in, in German', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    buildConsole();
    server = await startServer();
    browser = await launchChromium();
    ({ page, faults } = await visit(browser, server));
    await page.evaluate("localStorage.setItem('defectdiffu-language', 'de')");
    await page.reload();
  });
  afterAll(() => browser.close());
  afterEach(() => expect(faults).toEqual([]));

  async function give(key: string): Promise<void> {
    await page.getByLabel('API-Schlüssel').fill(key);
    await page.keyboard.press('Enter');
  }

  test('a key that is not known', async () => {
    await give('not-a-key');
    await page.getByRole('alert').getByText('Dieser API-Schlüssel ist nicht bekannt.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a service that does not answer', async () => {
    await page.route('**/session', (route) => route.abort());
    await give('any-key');
    await page.getByRole('alert').getByText('Der Dienst hat nicht geantwortet.').waitFor();
    await page.unroute('**/session');
  });

  test('a key that is revoked while the page is open', async () => {
    const { createApiKey } = await server.data(
      'mutation { createApiKey(input: { name: "short", role: VIEWER }) { secret apiKey { id } } }',
    );
    await give(createApiKey.secret as string);
    await page.getByRole('navigation').waitFor();
    await server.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: createApiKey.apiKey.id });
    await page.getByText('Sie wurden abgemeldet: Der API-Schlüssel wurde widerrufen. Melden Sie sich an').waitFor();
  });
});
