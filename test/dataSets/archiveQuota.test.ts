/** What an archive unpacks to is counted before it is decoded and written: a small file can be a large photograph. */
import sharp from 'sharp';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { Problems } from '../../src/dataSets/archive/problems.js';
import { readPhotographs } from '../../src/dataSets/archive/readPhotographs.js';
import type { FairSemaphore } from '../../src/fairSemaphore.js';
import { createFairSemaphore } from '../../src/fairSemaphore.js';
import { DECODING } from '../../src/references/decodingWeight.js';
import { newId } from '../../src/storage/identifiers.js';
import { openStorage } from '../../src/storage/open.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { ensureTenant } from '../../src/tenants/provisioning.js';
import { databaseOf } from '../support/database.js';
import { photograph } from '../support/photographs.js';
import { newDataDirectory } from '../support/server.js';

test('no photograph is written that the quota has no room for', async () => {
  const { database, close } = await openStorage(await databaseOf(newDataDirectory()));
  const written: number[] = [];
  const store = {
    put: (_tenant: string, _key: string, png: Uint8Array) => Promise.resolve(void written.push(png.byteLength)),
  } as unknown as ArtifactStore;
  const room = 2 * (await photograph(0).png().toBuffer()).byteLength;
  const context = {
    scope: forTenant(database, await ensureTenant(database, 'poor')),
    store,
    decoding: createFairSemaphore(DECODING),
    requireStorage: (_: unknown, bytes: number) =>
      bytes > room ? Promise.reject(new Error(`no room for ${String(bytes)} bytes`)) : Promise.resolve(),
  };
  const names = ['0', '1', '2', '3', '4'];
  const archive = {
    names,
    read: (name: string) => photograph(Number(name)).jpeg().toBuffer(),
    close: () => undefined,
  };
  const photographs = names.map((name) => ({ name, product: 'tile', defect: null, mask: null }));
  const folders = { products: new Map([['tile', newId()]]), defects: new Map<string, string>() };
  const layout = { photographs, root: '' };
  const keys: string[] = [];
  await expect(readPhotographs(context, archive, layout, folders, new Problems(), keys)).rejects.toThrow('no room');
  const bytes = written.reduce((sum, one) => sum + one, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(room);
  expect(keys).toHaveLength(written.length);
  await close();
});

test('a large mask of a small photograph is refused before it is decoded', async () => {
  const weights: number[] = [];
  const run = <T>(_tenant: string, weight: number, task: () => Promise<T>): Promise<T> => {
    weights.push(weight);
    return task();
  };
  const decoding = { run } as unknown as FairSemaphore;
  const context = { scope: {} as TenantScope, store: {} as ArtifactStore, decoding, requireStorage: fail };
  const create = { width: 5000, height: 5000, channels: 3, background: 'white' } as const;
  const files = new Map([
    ['small', await photograph(1).png().toBuffer()],
    ['large', await sharp({ create }).png().toBuffer()],
  ]);
  const read = (name: string): Promise<Buffer> => Promise.resolve(files.get(name) as Buffer);
  const archive = { names: [...files.keys()], read, close: () => undefined };
  const mask = { files: ['large'], marks: 'ONE_VALUE' as const };
  const photographs = [{ name: 'small', product: 'tile', defect: 'crack', mask }];
  const folders = { products: new Map<string, string>(), defects: new Map<string, string>() };
  const problems = new Problems();
  await readPhotographs(context, archive, { photographs, root: '' }, folders, problems, []);
  expect(weights).toEqual([1]);
  expect(() => {
    problems.throwIfAny();
  }).toThrow(/small: is 64 × 48 pixels, but its mask is 5000 × 5000/);
});

const fail = (): never => {
  throw new Error('nothing is stored');
};
