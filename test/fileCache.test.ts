/** Copies of artifacts on the local disk: one download for all who ask, and a bound on what is kept. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createFileCache } from '../src/artifacts/fileCache.js';

const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

function downloads(bytes = 10) {
  let count = 0;
  const download = async (path: string): Promise<void> => {
    count += 1;
    await delay(1);
    writeFileSync(path, 'x'.repeat(bytes));
  };
  return { download, count: () => count };
}

test('those who ask at once share a download, and later ones get the same copy', async () => {
  const cache = createFileCache(folder);
  const { download, count } = downloads();
  const [a, b] = await Promise.all([cache.local('a.png', download), cache.local('a.png', download)]);
  expect([b, await cache.local('a.png', download), count()]).toEqual([a, a, 1]);
  expect(readFileSync(a, 'utf8')).toHaveLength(10);
});

test('a failed download leaves no file and is tried again', async () => {
  const cache = createFileCache(folder);
  let left = '';
  const broken = async (path: string): Promise<void> => {
    writeFileSync((left = path), 'half');
    throw new Error('the store is away');
  };
  await expect(cache.local('b.png', broken)).rejects.toThrow('the store is away');
  expect(existsSync(left)).toBe(false);
  const { download } = downloads();
  expect(existsSync(await cache.local('b.png', download))).toBe(true);
});

test('a copy that somebody removed is downloaded again', async () => {
  const cache = createFileCache(folder);
  const { download, count } = downloads();
  rmSync(await cache.local('c.png', download));
  expect(existsSync(await cache.local('c.png', download))).toBe(true);
  expect(count()).toBe(2);
});

test('beyond its bound the least recently used goes, once those who got its path had time to read it', async () => {
  const cache = createFileCache(folder, { maxBytes: 25, graceMs: 200 });
  const { download, count } = downloads(10);
  const [first, second] = [await cache.local('1.png', download), await cache.local('2.png', download)];
  await cache.local('1.png', download);
  const third = await cache.local('3.png', download);
  expect(existsSync(second)).toBe(true);
  while (existsSync(second)) await delay(10);
  expect([existsSync(first), existsSync(third)]).toEqual([true, true]);
  expect(existsSync(await cache.local('2.png', download))).toBe(true);
  expect(count()).toBe(4);
});

test('a file that is larger than the bound is given out all the same', async () => {
  const cache = createFileCache(folder, { maxBytes: 25, graceMs: 200 });
  expect(existsSync(await cache.local('large.zip', downloads(100).download))).toBe(true);
});

test('a deleted artifact is not given out any more, and the others are downloaded anew after some time', async () => {
  const cache = createFileCache(folder, { maxAgeMs: 50 });
  const { download, count } = downloads();
  await cache.local('tenant/d.png', download);
  cache.forget('tenant/d.png');
  await cache.local('tenant/d.png', download);
  expect(count()).toBe(2);
  await delay(60);
  await cache.local('tenant/d.png', download);
  expect(count()).toBe(3);
});
