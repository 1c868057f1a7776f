/** Artifacts on the local disk while somebody deletes folders under the service. */
import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalStore } from '../src/artifacts/localStore.js';

const TENANT = '00000000-0000-0000-0000-000000000001';
let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'defectdiffu-'))));
afterEach(() => rm(root, { recursive: true }));

const bytes = Buffer.from('whole');
const keyOf = (n: number): string => `${String(n).padStart(2, '0')}${'0'.repeat(46)}.png`;

test('files are kept though the folder for drafts is gone', async () => {
  const store = await openLocalStore(root);
  await store.put(TENANT, keyOf(1), bytes);
  await rm(store.temporary, { recursive: true });
  await store.put(TENANT, keyOf(2), bytes);
  expect(await store.read(TENANT, keyOf(2))).toEqual(bytes);
  expect(await readdir(store.temporary)).toEqual([]);
});

test('files are kept though the folder that they belong in was taken away', async () => {
  const store = await openLocalStore(root);
  await store.put(TENANT, keyOf(1), bytes);
  await rm(join(root, TENANT), { recursive: true });
  await store.put(TENANT, keyOf(1), bytes);
  expect(await store.read(TENANT, keyOf(1))).toEqual(bytes);
});

test('a process that shows that it is ready keeps its folder from those that start beside it', async () => {
  const idle = await openLocalStore(root, false);
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await utimes(idle.temporary, yesterday, yesterday);
  await idle.check();
  await openLocalStore(root, false);
  expect((await stat(idle.temporary)).isDirectory()).toBe(true);
  await utimes(idle.temporary, yesterday, yesterday);
  await openLocalStore(root, false); // this time it was removed as a leftover
  await idle.check();
  await idle.put(TENANT, keyOf(1), bytes);
});
