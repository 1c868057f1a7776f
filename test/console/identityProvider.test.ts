/** Signing in at the tenant's identity provider, in real Chromium, and again when the session has ended. */
import type { Browser, Page } from 'playwright-core';
import {
  HAS_CHROMIUM,
  accessibilityFaults,
  buildConsole,
  launchChromium,
  openPage,
  screenshot,
  visit,
} from '../support/chromium.js';
import type { TestProvider } from '../support/identityProvider.js';
import { startProvider } from '../support/identityProvider.js';
import type { Json } from '../support/server.js';
import { startServer } from '../support/server.js';

const BUTTON = 'Sign in with your organization';

(HAS_CHROMIUM ? describe : describe.skip)('at the identity provider', () => {
  let provider: TestProvider;
  let browser: Browser;
  let page: Page;
  let faults: string[];
  let sessionUrl: URL;

  beforeAll(async () => {
    buildConsole();
    provider = await startProvider({ ada: { tenant: 'default', role: 'OPERATOR', name: 'Ada' } });
    const server = await startServer(provider.settings);
    sessionUrl = new URL('/session', server.url);
    provider.serve([new URL('/session/callback', server.url).href]);
    browser = await launchChromium();
    ({ page, faults } = await visit(browser, server));
    await page.goto(new URL('/compare', server.url).href);
  });
  afterAll(async () => {
    await browser.close();
    provider.close();
  });
  /** The provider's pages may load what they want. */
  const others = () => faults.filter((fault) => !fault.startsWith('a request to'));

  test('a person signs in, and is where they wanted to be', async () => {
    await page.getByRole('link', { name: BUTTON }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'sign-in-provider');
    await page.getByRole('link', { name: BUTTON }).focus();
    await page.keyboard.press('Enter');
    await page.getByPlaceholder('Enter any login').fill('ada');
    await page.getByPlaceholder('and password').fill('any');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Compare' }).waitFor();
    await page.getByText('default · Operator').waitFor();
    expect(others()).toEqual([]);
  });

  test('after the session has ended, another tab signs in, and this one goes on where it was', async () => {
    await page.getByLabel('Columns').fill('6');
    // Elsewhere, so that the browser still has the cookie.
    const [cookie = ''] = (await page.context().cookies()).flatMap(({ name, value }) =>
      name === 'defectdiffu-session' ? [`${name}=${value}`] : [],
    );
    const { session } = (await (await fetch(sessionUrl, { headers: { cookie } })).json()) as Json;
    await fetch(sessionUrl, { method: 'DELETE', headers: { cookie, 'x-csrf-token': session.csrfToken as string } });
    await page.getByText('You were signed out').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const tab = page.context().waitForEvent('page');
    await page.getByRole('link', { name: BUTTON }).click();
    await (await tab).getByRole('heading', { level: 1, name: 'Compare' }).waitFor();
    await page.getByRole('heading', { level: 1, name: 'Compare' }).waitFor();
    expect(await page.getByLabel('Columns').inputValue()).toBe('6');
    await openPage(page, 'Queue');
    expect(others()).toEqual([]);
  });
});
