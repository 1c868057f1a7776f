/** What tenants share besides the event loop and the database: another tenant's one task does not wait for a thousand. */
import { createFairSemaphore } from '../../src/fairSemaphore.js';
import { createFairTurns } from '../../src/fairTurns.js';
import sharp from 'sharp';
import { DECODING, headerOf, weightOf } from '../../src/references/decodingWeight.js';
import { inTurns } from '../../src/resolvers/events.js';
import { currentTenant } from '../../src/observability/logContext.js';
import { coalesceCallers } from '../../src/tenants/coalesceCallers.js';
import type { Identity } from '../../src/tenants/identity.js';
import { inTurnsOfTenants } from '../../src/tenants/lookUpTurns.js';
import { bmp } from '../support/photographs.js';

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('decoding: beside a large image and many that wait, a small one of another tenant is decoded at once', async () => {
  const decoding = createFairSemaphore(DECODING);
  const order: string[] = [];
  const large = Promise.withResolvers<undefined>();
  const greedy = [decoding.run('greedy', 2, () => large.promise)];
  for (let i = 0; i < 50; i++) greedy.push(decoding.run('greedy', 1, async () => void order.push('greedy')));
  await decoding.run('polite', 1, async () => void order.push('polite'));
  expect(order).toEqual(['polite']);
  large.resolve(undefined);
  await Promise.all(greedy);
  expect(order).toHaveLength(51);
});

test('decoding: a large image takes its place by its header, whatever its type', async () => {
  const large = { create: { width: 8000, height: 4000, channels: 3, background: 'black' } } as const;
  for (const file of [await sharp(large).png().toBuffer(), bmp(8000, 4000).subarray(0, 54)])
    expect(weightOf(await headerOf(file))).toBe(2);
  expect(weightOf(await headerOf(bmp(64, 48)))).toBe(1);
});

test('decoding: a large image of another tenant is next, whatever small ones wait', async () => {
  const decoding = createFairSemaphore(DECODING);
  const order: string[] = [];
  const running = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const greedy = running.map(({ promise }) => decoding.run('greedy', 1, () => promise));
  for (let i = 0; i < 50; i++) greedy.push(decoding.run('greedy', 1, async () => void order.push('greedy')));
  const polite = decoding.run('polite', 2, async () => void order.push('polite'));
  running[0]?.resolve(undefined);
  await polite;
  expect(order).toEqual(['polite']);
  running[1]?.resolve(undefined);
  await Promise.all(greedy);
});

test('uploads and operations: of one tenant some run, some wait, and more are refused; another tenant runs at once', async () => {
  const shared = createFairSemaphore({ total: Infinity, perTenant: 8, waitingPerTenant: 100, what: 'uploads' });
  let running = 0;
  const end = Promise.withResolvers<undefined>();
  const work = (): Promise<undefined> => {
    running += 1;
    return end.promise;
  };
  const greedy = Array.from({ length: 108 }, () => shared.run('greedy', 1, work));
  await expect(shared.run('greedy', 1, work)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(running).toBe(8);
  const polite = shared.run('polite', 1, work);
  await turnOfTheLoop();
  expect(running).toBe(9);
  end.resolve(undefined);
  await Promise.all([...greedy, polite]);
});

test('statements: whoever comes late is next, and whoever comes back at once does not pass those who wait', async () => {
  const statements = createFairSemaphore({ total: 1, perTenant: 1, waitingPerTenant: Infinity, what: 'statements' });
  const order: string[] = [];
  const work = (tenant: string) =>
    statements.run(tenant, 1, async () => {
      order.push(tenant);
      await turnOfTheLoop();
    });
  const greedy = Array.from({ length: 20 }, () => work('greedy'));
  const serially = async (tenant: string): Promise<void> => {
    for (let i = 0; i < 4; i++) await work(tenant);
  };
  await Promise.all([serially('first'), serially('second')]);
  expect(order.slice(0, 3)).toEqual(['greedy', 'first', 'second']);
  const meanwhile = order.filter((tenant) => tenant === 'greedy').length;
  expect(meanwhile).toBeGreaterThanOrEqual(3);
  expect(meanwhile).toBeLessThanOrEqual(5);
  await Promise.all(greedy);
});

test('look-ups of a key are the statements of its tenant, once that is known', async () => {
  const tenants: (string | undefined)[] = [];
  const lookUp = inTurnsOfTenants(async (credential) => {
    tenants.push(currentTenant());
    if (credential === 'wrong') throw new Error('unknown');
    return { tenantId: `tenant of ${credential}` } as Identity;
  });
  await lookUp('key');
  await lookUp('key');
  await lookUp('other key');
  for (let i = 0; i < 2; i++) await expect(lookUp('wrong')).rejects.toThrow('unknown');
  expect(tenants).toEqual([undefined, 'tenant of key', undefined, undefined, undefined]);
});

test('subscriptions: beside fifty streams of one tenant, the stream of another one is not the fifty-first', async () => {
  let time = 0;
  const turns = createFairTurns(() => time);
  const told: string[] = [];
  async function follow(tenant: string, events: number): Promise<void> {
    async function* source() {
      for (let i = 0; i < events; i++) yield i;
    }
    for await (const event of inTurns(source(), () => turns.next(tenant))) {
      time += 1;
      told.push(`${tenant} ${String(event)}`);
    }
  }
  const greedy = Array.from({ length: 50 }, () => follow('greedy', 10));
  await turnOfTheLoop();
  const before = told.length;
  await follow('polite', 10);
  // Tenants get the same time: of fifty streams, about as many events as of the one.
  expect(told.length - before).toBeLessThanOrEqual(35);
  await Promise.all(greedy);
  expect(told).toHaveLength(510);
});

test('identifying callers: a hundred requests with one key need two look-ups', async () => {
  let lookUps = 0;
  const identify = coalesceCallers(async (key: string) => {
    lookUps += 1;
    await turnOfTheLoop();
    return key;
  });
  expect(new Set(await Promise.all(Array.from({ length: 100 }, () => identify('one'))))).toEqual(new Set(['one']));
  expect(lookUps).toBe(2);
  await identify('one');
  expect(lookUps).toBe(3);
});
