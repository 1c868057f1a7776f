/** The console through a balancer with two api processes, of which one ends while the page is open, in real Chromium. */
import type { Browser, Page } from 'playwright-core';
import { HAS_CHROMIUM, buildConsole, launchChromium, openPage, signInTo, visit } from '../support/chromium.js';
import { freePort } from '../support/daemon.js';
import type { Kept } from '../support/kept.js';
import { keepRunning } from '../support/kept.js';
import type { Postgres } from '../support/postgres.js';
import { startPostgres } from '../support/postgres.js';
import type { RoundRobin } from '../support/roundRobin.js';
import { startRoundRobin } from '../support/roundRobin.js';
import { TEST_KEY, newFolder } from '../support/server.js';

(HAS_CHROMIUM ? describe : describe.skip)('the console behind a balancer', () => {
  let postgres: Postgres;
  let processes: readonly Kept[];
  let balancer: RoundRobin;
  let browser: Browser;
  let page: Page;
  let faults: readonly string[];

  beforeAll(async () => {
    buildConsole();
    postgres = await startPostgres();
    const common = {
      DATABASE_URL: postgres.url,
      // Images are on the disk that they share.
      DATA_DIR: newFolder(),
      URL_SECRET: 'ab'.repeat(32),
      KEY_HASH_SECRET: 'ef'.repeat(32),
      DEFECTDIFFU_API_KEY: TEST_KEY,
    };
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    processes = ['api', 'api', 'worker'].map((ROLE, i) => keepRunning(ROLE, ports[i] ?? 0, { ...common, ROLE }));
    await Promise.all(processes.map((each) => each.ready()));
    balancer = await startRoundRobin(ports.slice(0, 2));
    browser = await launchChromium();
    ({ page, faults } = await visit(browser, { url: `${balancer.origin}/graphql` }));
  });
  afterAll(async () => {
    await browser.close();
    balancer.close();
    await Promise.all(processes.map((each) => each.stop()));
    await postgres.remove();
  });
  afterEach(() => expect(faults).toEqual([]));

  async function drawOne(): Promise<void> {
    await page.getByLabel('Samples').fill('1');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText(/^1 sample\. Seed/).waitFor();
  }

  test('a session of one process is that of the other, and events come from either', async () => {
    await signInTo(page);
    await drawOne();
    await openPage(page, 'Queue');
    await page.getByRole('row', { name: /1 sample/ }).waitFor();
    await page.reload();
    await page.getByRole('row', { name: /1 sample/ }).waitFor();
    for (const connections of balancer.given.values()) expect(connections).toBeGreaterThan(0);
  });

  test('code of a page that could not be fetched is asked for again', async () => {
    let refusals = 0;
    await page.route('**/assets/ComparePage-*.js', async (route) => {
      if (refusals === 2) return route.continue();
      refusals += 1;
      await route.abort('connectionreset');
    });
    await openPage(page, 'Compare');
    expect(refusals).toBe(2);
  });

  test('when one process ends, the page goes on with the other', async () => {
    await openPage(page, 'Draw');
    await processes[0]?.stop();
    await drawOne();
    await openPage(page, 'Gallery');
    await page.getByText('2 samples').waitFor();
  });
});
