/**
 * Kills processes at random while several tenants order, cancel and follow generations, and then looks whether anything
 * that was accepted is missing, doubled, cut off or left over.
 */
import sharp from 'sharp';
import { sweepPending } from '../../src/artifacts/pendingFiles.js';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { seedCatalog } from '../../src/catalog/seed.js';
import { loadBundles } from '../../src/inference/index.js';
import { createLog } from '../../src/log.js';
import type { Database } from '../../src/storage/database.js';
import { openStorage } from '../../src/storage/open.js';
import { artifacts, events, generations, samples } from '../../src/storage/tables.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { addKey, ensureTenant } from '../../src/tenants/provisioning.js';
import type { Customer } from './customer.js';
import { createCustomer } from './customer.js';
import type { Json } from './server.js';
import { TINY_MODELS } from './server.js';

export interface Plan {
  readonly kills: number;
  readonly tenants: number;
  /** Of each tenant, while the killing goes on. */
  readonly generations: number;
  readonly seed: number;
}

/** What can be killed, and how; each comes back by itself, or before its promise resolves. */
export type Victim = readonly [name: string, kill: () => unknown];

export interface Ordered {
  readonly id: string;
  readonly canceled: boolean;
  readonly count: number;
  readonly seen: Json[];
}

export interface Report {
  readonly ordered: readonly Ordered[];
  readonly killed: Readonly<Record<string, number>>;
}

export async function makeTenants(place: string, count: number): Promise<string[]> {
  const storage = await openStorage(place);
  const [bundle] = await loadBundles(TINY_MODELS);
  if (bundle === undefined) throw new Error('there is no bundle');
  const keys = Array.from({ length: count }, (_, i) => `key-of-tenant-${String(i)}`);
  for (const key of keys) {
    const tenantId = await ensureTenant(storage.database, key);
    await addKey(storage.database, tenantId, key, 'GENERATED');
    await seedCatalog(forTenant(storage.database, tenantId), bundle);
  }
  await storage.close();
  return keys;
}

/** Resolves when every accepted generation is over. */
export async function chaos(
  plan: Plan,
  urls: readonly string[],
  keys: readonly string[],
  victims: readonly Victim[],
): Promise<Report> {
  const random = randomFrom(plan.seed);
  const killed: Record<string, number> = {};
  let killing = true;
  const business = keys.map((key) => orders(createCustomer(urls, key), key, plan, () => killing));
  for (let kill = 0; kill < plan.kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 300 + 2200 * random()));
    const [name, strike] = victims[Math.floor(random() * victims.length)] as Victim;
    await strike();
    killed[name] = (killed[name] ?? 0) + 1;
  }
  killing = false;
  return { ordered: (await Promise.all(business)).flat(), killed };
}

/** One after the other is accepted, all are followed at once; every fifth is canceled. */
async function orders(customer: Customer, key: string, plan: Plan, goOn: () => boolean): Promise<Ordered[]> {
  const following: Promise<Ordered>[] = [];
  for (let n = 0; n < plan.generations || goOn(); n++) {
    const count = 1 + (n % 6);
    const canceled = n % 5 === 4;
    const wish = { partNumber: 'TILE', defectCode: 'CRACK', steps: 20 + 10 * (n % 3), seed: n, count };
    const id = await customer.order({ ...wish, idempotencyKey: `${key}/${String(n)}` });
    const followed = customer.follow(id).then((seen) => ({ id, canceled, count, seen }));
    following.push(followed);
    if (canceled) await customer.cancel(id);
    // A bounded backlog, so that what is killed is in the middle of something.
    if (following.length >= 4) await following[following.length - 4];
  }
  return Promise.all(following);
}

/** Everything that is wrong, in words; empty when all is well. */
export async function inspect(
  { ordered }: Report,
  database: Database,
  store: ArtifactStore,
  listFiles: () => Promise<ReadonlyMap<string, number>>,
): Promise<string[]> {
  const wrong: string[] = [];
  const expect = (holds: boolean, otherwise: string): void => void (holds || wrong.push(otherwise));
  const rows = new Map((await database.select().from(generations)).map((row) => [row.id, row]));
  expect(rows.size === ordered.length, `${String(rows.size)} generations for ${String(ordered.length)} orders`);
  const drawn = Map.groupBy(await database.select().from(samples), ({ generationId }) => generationId);
  const told = Map.groupBy(await database.select().from(events), ({ generationId }) => generationId);
  for (const { id, canceled, count, seen } of ordered) {
    const row = rows.get(id);
    const own = drawn.get(id) ?? [];
    const stories = (told.get(id) ?? []).sort((a, b) => a.seq - b.seq);
    const states = canceled ? ['CANCELED', 'SUCCEEDED'] : ['SUCCEEDED'];
    expect(states.includes(row?.status ?? ''), `${id} is ${row?.status ?? 'gone'}: ${JSON.stringify(row?.failure)}`);
    if (row?.status === 'SUCCEEDED')
      expect(own.length === count, `${id} has ${String(own.length)} of ${String(count)} samples`);
    expect(new Set(own.map(({ index }) => index)).size === own.length, `${id} has a sample twice`);
    expect(
      own.length === row?.samplesDone,
      `${id} counts ${String(row?.samplesDone)} samples and has ${String(own.length)}`,
    );
    expect(
      stories.every(({ seq }, i) => seq === i + 1),
      `${id} has a gap in its events`,
    );
    const ends = stories.filter(({ payload }) => /Succeeded|Failed|Canceled/.test(payload.type));
    expect(ends.length === 1 && ends[0] === stories.at(-1), `${id} ended ${String(ends.length)} times`);
    const ready = stories.filter(({ payload }) => payload.type === 'SampleReady');
    expect(ready.length === own.length, `${id} told of ${String(ready.length)} samples and has ${String(own.length)}`);
    const missed = seen.map(({ seq }) => Number(seq)).join() !== stories.map(({ seq }) => seq).join();
    expect(!missed, `a subscriber of ${id} did not see all events, or saw some twice`);
  }
  await sweepPending(database, store, createLog('silent'), 0);
  const known = await database.select().from(artifacts);
  const files = new Map([...(await listFiles())].map(([path, bytes]) => [path.split('/').at(-1) ?? '', bytes]));
  for (const { key, bytes, tenantId } of known) {
    expect(files.get(key) === bytes, `artifact ${key} has ${String(files.get(key))} of ${String(bytes)} bytes`);
    await sharp(await store.read(tenantId, key))
      .raw()
      .toBuffer()
      .catch(() => wrong.push(`artifact ${key} is no picture`));
    files.delete(key);
  }
  for (const key of files.keys()) wrong.push(`file ${key} belongs to nothing`);
  return wrong;
}

/** The same numbers for the same seed: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
