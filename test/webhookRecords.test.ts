/** What the room of webhooks keeps, on a real database without a server before it. */
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { readConfig } from '../src/config.js';
import { appendEvent } from '../src/generations/events/generationEvents.js';
import { ClaimLostError } from '../src/queue/lease.js';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import { pageRequest } from '../src/storage/pagination.js';
import { generations, webhookDeliveries, webhooks } from '../src/storage/tables.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { deliveriesOf } from '../src/webhooks/deliveryRepository.js';
import { decideRetry } from '../src/webhooks/retryPolicy.js';
import {
  MAX_IN_FLIGHT_PER_WEBHOOK,
  claimDeliveries,
  recordAttempt,
  deleteOldDeliveries,
} from '../src/webhooks/claimDeliveries.js';
import { createSecretBox } from '../src/webhooks/secretBox.js';
import { WEBHOOK_ORDERS, webhooksOf } from '../src/webhooks/webhookRepository.js';
import { queueUp } from './support/queue.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

const { webhooks: config } = readConfig({});
const box = createSecretBox(randomBytes(32));
const resolve = () => Promise.resolve([{ address: '8.8.8.8', family: 4 }]);
const SUCCEEDED = { type: 'GenerationSucceeded' } as const;
const ENDPOINT = 'https://mes.example/';
const PAGE = pageRequest({}, WEBHOOK_ORDERS);

let storage: Storage;
let scope: TenantScope;
let other: TenantScope;

beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
  const { database } = storage;
  scope = forTenant(database, await ensureTenant(database, 'one'));
  other = forTenant(database, await ensureTenant(database, 'other'));
});

afterAll(() => storage.close());
beforeEach(() => storage.database.delete(webhooks));

const roomOf = (tenant: TenantScope) => webhooksOf(tenant, { config, box, resolve });

async function newWebhook(tenant = scope): Promise<string> {
  const { webhook } = await roomOf(tenant).create({ url: ENDPOINT, events: ['GENERATION_SUCCEEDED'] });
  return webhook.id;
}

async function delivered(webhookId: string) {
  const pages = await deliveriesOf(scope).pagesOfWebhooks([webhookId], PAGE);
  return pages.get(webhookId)?.rows ?? [];
}

async function tell(times: number, tenant = scope): Promise<void> {
  const id = await queueUp(tenant);
  for (let i = 0; i < times; i++) await appendEvent(tenant, id, SUCCEEDED);
}

test('a delivery is there exactly when the event that it tells of is', async () => {
  const webhook = await newWebhook();
  const id = await queueUp(scope);
  const failing = scope.transaction(async (tx) => {
    await appendEvent(tx, id, SUCCEEDED);
    throw new Error('the change fails after all');
  });
  await expect(failing).rejects.toThrow('after all');
  expect(await delivered(webhook)).toEqual([]);
  await scope.transaction((tx) => appendEvent(tx, id, SUCCEEDED));
  expect(await delivered(webhook)).toHaveLength(1);
});

test('of one webhook only a few are claimed at a time, of the others as well, and none twice', async () => {
  const [first, second] = [await newWebhook(), await newWebhook()];
  await tell(5);
  const claims = await Promise.all(['a', 'b', 'c'].map((owner) => claimDeliveries(storage.database, owner, 64)));
  const claimed = claims.flat().map(({ delivery }) => delivery);
  for (const id of [first, second])
    expect(claimed.filter((one) => one.webhookId === id)).toHaveLength(MAX_IN_FLIGHT_PER_WEBHOOK);
  expect(new Set(claimed.map(({ id }) => id)).size).toBe(2 * MAX_IN_FLIGHT_PER_WEBHOOK);
});

test('a worker that was thought dead changes nothing any more', async () => {
  const webhook = await newWebhook();
  await tell(1);
  const { database } = storage;
  const [due] = await claimDeliveries(database, 'first', 1);
  const id = due?.delivery.id ?? '';
  await database.update(webhookDeliveries).set({ leaseUntil: new Date(0) });
  expect((await claimDeliveries(database, 'second', 1)).map(({ delivery }) => delivery.id)).toEqual([id]);
  const outcome = { status: 'FAILED', lastStatusCode: 410, lastError: '', nextAttemptAt: null } as const;
  const disabled = { id: webhook, url: ENDPOINT, changes: { enabled: false } };
  await expect(recordAttempt(database, 'first', id, outcome, disabled)).rejects.toThrow(ClaimLostError);
  expect(await delivered(webhook)).toMatchObject([{ status: 'PENDING', leaseOwner: 'second', attempts: 2 }]);
  expect((await roomOf(scope).require(webhook)).enabled).toBe(true);
});

test('what an earlier URL answered does not disable or hold the one that the webhook has now', async () => {
  const id = await newWebhook();
  await tell(1);
  const { database } = storage;
  const [claimed] = await claimDeliveries(database, 'first', 1);
  await roomOf(scope).update(id, { url: 'https://moved.example/' });
  const outcome = { status: 'FAILED', lastStatusCode: 410, lastError: '', nextAttemptAt: null } as const;
  const changes = { enabled: false, heldUntil: new Date(Date.now() + 60_000) };
  await recordAttempt(database, 'first', claimed?.delivery.id ?? '', outcome, { id, url: ENDPOINT, changes });
  expect(await delivered(id)).toMatchObject([{ status: 'FAILED', lastStatusCode: 410 }]);
  expect(await roomOf(scope).require(id)).toMatchObject({ enabled: true, heldUntil: null });
});

test('old deliveries go, whatever became of them, and newer ones stay', async () => {
  const webhook = await newWebhook();
  await tell(3);
  const [newest, ...older] = await delivered(webhook);
  for (const { id } of older) {
    const createdAt = new Date(Date.now() - 40 * 86_400_000);
    await storage.database.update(webhookDeliveries).set({ createdAt }).where(eq(webhookDeliveries.id, id));
  }
  await deleteOldDeliveries(storage.database, new Date(Date.now() - 30 * 86_400_000));
  expect((await delivered(webhook)).map(({ id }) => id)).toEqual([newest?.id]);
});

test("another tenant's webhooks and deliveries are not there, and its events are told to nobody else", async () => {
  const mine = await newWebhook();
  await tell(1);
  await tell(1, other);
  const [delivery] = await delivered(mine);
  expect(await delivered(mine)).toHaveLength(1);
  const theirs = roomOf(other);
  expect(await theirs.byId(mine)).toBeUndefined();
  expect((await theirs.page(PAGE)).rows).toEqual([]);
  const attempts = [
    theirs.update(mine, { enabled: false }),
    theirs.rotate(mine, 0),
    theirs.delete(mine),
    deliveriesOf(other).redeliver(delivery?.id ?? ''),
  ];
  for (const outcome of await Promise.allSettled(attempts))
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } });
  expect((await deliveriesOf(other).pagesOfWebhooks([mine], PAGE)).get(mine)?.rows).toEqual([]);
});

test('the database alone does not tell a secret, and a sealed one opens for its own webhook only', async () => {
  const { webhook, secret } = await roomOf(scope).create({ url: ENDPOINT, events: ['SAMPLE_READY'] });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(JSON.stringify(await storage.database.select().from(webhooks))).not.toContain(secret.slice(6));
  expect(box.open(webhook.id, webhook.secret)).toBe(secret);
  expect(() => box.open(`${webhook.id}0`, webhook.secret)).toThrow();
  expect(() => createSecretBox(randomBytes(32)).open(webhook.id, webhook.secret)).toThrow();
});

test('attempts follow the schedule, within a fifth of it, and then end', () => {
  const failed = { kind: 'failed', message: 'the connection failed: ECONNRESET' } as const;
  const pauseAfter = (attempts: number, random: number): number | undefined => {
    const { delivery } = decideRetry(failed, attempts, config.retrySeconds, 0, () => random);
    return delivery.nextAttemptAt === null ? undefined : delivery.nextAttemptAt.getTime() / 1000;
  };
  expect(config.retrySeconds.map((_, i) => pauseAfter(i + 1, 0.5))).toEqual(config.retrySeconds);
  expect(pauseAfter(2, 0)).toBeCloseTo(240);
  expect(pauseAfter(2, 1)).toBeCloseTo(360);
  expect(pauseAfter(config.retrySeconds.length + 1, 0.5)).toBeUndefined();
});

test('a receiver may ask for a day at most, and only when it is overloaded', () => {
  const answered = (status: number) =>
    decideRetry({ kind: 'answered', status, retryAfterMs: 1e12 }, 1, config.retrySeconds, 0);
  for (const status of [429, 503]) expect(answered(status).webhook?.heldUntil?.getTime()).toBe(86_400_000);
  expect(answered(500).webhook).toBeUndefined();
});

test('what a generation is when it is told of stands in the body', async () => {
  const webhook = await newWebhook();
  const id = await queueUp(scope, 7);
  await storage.database.update(generations).set({ samplesDone: 7, status: 'SUCCEEDED' }).where(eq(generations.id, id));
  await appendEvent(scope, id, SUCCEEDED);
  const [delivery] = await delivered(webhook);
  expect(JSON.parse(delivery?.body ?? '')).toMatchObject({
    type: 'generation.succeeded',
    data: { generationId: id, status: 'SUCCEEDED', samplesDone: 7, samplesTotal: 7 },
  });
});
