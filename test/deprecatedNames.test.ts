/** Names of the API that 1.0.0 replaced: both are accepted and answered, and rows of an older version are read. */
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { resolvedRequestOf } from '../src/generations/resolvedRequest.js';
import { denoisingStrength as migration } from '../src/storage/migrations/11-denoising-strength.js';
import { openStorage } from '../src/storage/open.js';
import { generations } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf } from './support/database.js';
import { SETTINGS, queueUp } from './support/queue.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';

const GENERATE = `mutation ($input: [GenerateDefectsInput!]!) {
  generateDefects(input: $input) { id request { denoisingStrength freedom } }
}`;
const ON_TWIN = { partNumber: 'FABRIC', defectCode: 'STAIN', steps: 10, reference: { twin: true } };

let server: Server;
beforeAll(async () => {
  server = await startServer({ MODELS_DIR: join(process.cwd(), 'models') });
});

describe('freedom is the deprecated name of denoisingStrength', () => {
  const ask = async (wish: object): Promise<Json> => {
    const { generateDefects } = await server.data(GENERATE, { input: [{ ...ON_TWIN, ...wish }] });
    await server.data('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id: generateDefects[0].id });
    return generateDefects[0];
  };
  const refused = async (wish: object) => (await server.error(GENERATE, { input: [{ ...ON_TWIN, ...wish }] })).message;

  test.each([{ denoisingStrength: 0.6 }, { freedom: 0.6 }])('%p is answered under both names', async (wish) => {
    expect((await ask(wish)).request).toEqual({ denoisingStrength: 0.6, freedom: 0.6 });
  });

  test('a retry with the other name finds the same generation, and another value is a conflict', async () => {
    const first = await ask({ freedom: 0.7, idempotencyKey: 'renamed' });
    const second = await ask({ denoisingStrength: 0.7, idempotencyKey: 'renamed' });
    expect(second.id).toBe(first.id);
    expect(await refused({ denoisingStrength: 0.8, idempotencyKey: 'renamed' })).toMatch(/idempotencyKey: "renamed"/);
  });

  test('both names at once are refused, whatever their values', async () => {
    for (const freedom of [0.5, 0.9])
      expect(await refused({ denoisingStrength: 0.5, freedom })).toBe(
        'input[0].freedom: is the deprecated name of denoisingStrength; give only denoisingStrength',
      );
  });

  test('a message names the field that the caller gave', async () => {
    expect(await refused({ denoisingStrength: 2 })).toBe('input[0].denoisingStrength: 2 is out of range 0.05 … 1');
    expect(await refused({ freedom: 2 })).toBe('input[0].freedom: 2 is out of range 0.05 … 1');
    expect(await refused({ denoisingStrength: 0.5, reference: null })).toMatch(
      /^input\[0\]\.denoisingStrength: needs a reference/,
    );
  });
});

describe('maximumAttempts is the deprecated name of maximumDraws', () => {
  const QUALITY = `mutation ($input: [GenerateDefectsInput!]!) {
    generateDefects(input: $input) { id rejectedSamples rejectedAttempts request { quality { maximumDraws maximumAttempts } } }
  }`;
  const wish = (quality: object, more: object = {}) => ({ input: [{ ...ON_TWIN, quality, ...more }] });

  test.each([{ maximumDraws: 3 }, { maximumAttempts: 3 }])('%p is answered under both names', async (quality) => {
    const idempotencyKey = 'draws';
    const { generateDefects } = await server.data(QUALITY, wish(quality, { idempotencyKey }));
    expect(generateDefects[0]).toMatchObject({
      rejectedSamples: 0,
      rejectedAttempts: 0,
      request: { quality: { maximumDraws: 3, maximumAttempts: 3 } },
    });
  });

  test('both at once are refused, and a message names the field that the caller gave', async () => {
    const messageFor = async (quality: object) => (await server.error(QUALITY, wish(quality))).message;
    expect(await messageFor({ maximumDraws: 3, maximumAttempts: 3 })).toBe(
      'input[0].quality.maximumAttempts: is the deprecated name of maximumDraws; give only maximumDraws',
    );
    expect(await messageFor({ maximumDraws: 21 })).toBe('input[0].quality.maximumDraws: 21 is out of range 1 … 20');
    expect(await messageFor({ maximumAttempts: 21 })).toBe(
      'input[0].quality.maximumAttempts: 21 is out of range 1 … 20',
    );
  });
});

test('a row of an older version is read, and the migration gives it the new name beside the old one', async () => {
  const storage = await openStorage(await databaseOf(newDataDirectory()));
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'older'));
  const onTwin = { references: [], baseSample: null, onTwin: true, region: 'CHOSEN', allowedArea: null } as const;
  const old = { ...onTwin, freedom: 0.4 };
  const rowWith = async (photograph: typeof old | null) => {
    const id = await queueUp(scope);
    const settings = { ...SETTINGS, photograph };
    await storage.database.update(generations).set({ settings }).where(eq(generations.id, id));
    return id;
  };
  const read = async (id: string) => {
    const [row] = await storage.database.select().from(generations).where(eq(generations.id, id));
    if (row === undefined) throw new Error('the row is gone');
    return row;
  };
  const PAIR = { partNumber: 'TILE', defectCode: 'CRACK' };
  const ids = [await rowWith(old), await rowWith(null)] as const;
  expect(resolvedRequestOf(await read(ids[0]), PAIR).denoisingStrength).toBe(0.4);

  for (const statement of migration) await storage.database.execute(sql.raw(statement));
  const migrated = await read(ids[0]);
  expect(migrated.settings.photograph).toEqual({ ...old, denoisingStrength: 0.4 });
  expect(resolvedRequestOf(migrated, PAIR).denoisingStrength).toBe(0.4);
  expect((await read(ids[1])).settings).toEqual({ ...SETTINGS, photograph: null });
  await storage.close();
});
