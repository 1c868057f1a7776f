/** Many subscribers of one generation, on a real database whose statements are counted. */
import { appendEvent, followGeneration } from '../src/generations/events/generationEvents.js';
import { createWaiters } from '../src/queue/waiters.js';
import { pollFollowers } from '../src/generations/events/eventPoller.js';
import type { Storage } from '../src/storage/database.js';
import { sql } from '../src/storage/drizzle.js';
import { openStorage } from '../src/storage/open.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { queueUp } from './support/queue.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

const statements: string[] = [];
const waiters = createWaiters();
let storage: Storage;
let scope: TenantScope;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()), {
    onStatement: (statement) => statements.push(statement),
  });
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'subscribers'));
});
afterAll(async () => {
  waiters.closeAll();
  await storage.close();
});

const reads = () => statements.filter((statement) => /^select .* from "generation_event"/.test(statement)).length;

/** All subscribers have seen that there is nothing, and wait: statements are executed in their order. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 10; i++) await storage.database.execute(sql`select 1`);
}

test('a hundred who are woken together are answered by one read, each with every event', async () => {
  const id = await queueUp(scope);
  const subscribers = Array.from({ length: 100 }, () => followGeneration(scope, id, 0, waiters));
  for (const subscriber of subscribers) expect((await subscriber.next()).value).toMatchObject({ seq: 1 });

  for (const seq of [2, 3, 4]) {
    const next = Promise.all(subscribers.map((subscriber) => subscriber.next()));
    await quiet();
    const before = reads();
    await scope.transaction((tx) => appendEvent(tx, id, { type: 'GenerationStarted' }));
    waiters.notify(id);
    for (const { value } of await next) expect(value).toMatchObject({ seq });
    expect(reads() - before).toBe(1);
  }
});

test('one who asks while a read is under way is not answered by it', async () => {
  const id = await queueUp(scope);
  const [early, late] = [followGeneration(scope, id, 1, waiters), followGeneration(scope, id, 1, waiters)];
  const first = early.next();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // its read has begun
  await scope.transaction((tx) => appendEvent(tx, id, { type: 'GenerationStarted' }));
  expect((await late.next()).value).toMatchObject({ seq: 2 });
  waiters.notify(id);
  expect((await first).value).toMatchObject({ seq: 2 });
});

test('a hundred who wait for as many generations are looked after by one statement, which wakes whom there is news for', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 100; i++) ids.push(await queueUp(scope));
  const subscribers = ids.map((id) => followGeneration(scope, id, 1, waiters));
  const news = subscribers.map((subscriber) => subscriber.next());
  await quiet();

  // Nobody notifies: these waiters do not listen.
  const [, lucky] = ids as [string, string];
  await scope.transaction((tx) => appendEvent(tx, lucky, { type: 'GenerationStarted' }));
  statements.length = 0;
  await pollFollowers(storage.database, waiters);
  expect((await news[1])?.value).toMatchObject({ generationId: lucky, seq: 2 });
  // The look, and the read of the one.
  expect(statements).toHaveLength(2);
  for (const subscriber of subscribers) await subscriber.return?.();
});
