/** Who may open a data directory: after a crash the next process, and never two. */
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from '../src/storage/directoryLock.js';
import { newFolder } from './support/server.js';

const OTHER_CONTAINER = { pid: 1, started: '', host: 'another-container', pids: 'pid:[1]' };
const STALE_SECONDS = 60;

/** A folder that a process which cannot be seen from here locked, with its last heartbeat so long ago. */
function lockedElsewhere(secondsAgo: number, holder: object = OTHER_CONTAINER): { folder: string; beat: () => void } {
  const folder = newFolder();
  const file = join(folder, 'lock');
  writeFileSync(file, JSON.stringify(holder));
  const at = new Date(Date.now() - secondsAgo * 1000);
  utimesSync(file, at, at);
  return { folder, beat: () => utimesSync(file, new Date(), new Date()) };
}

const holderOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')) as typeof OTHER_CONTAINER;

test('after a container was killed, the next one waits until the old heartbeat is old enough, and takes over', async () => {
  const { folder } = lockedElsewhere(STALE_SECONDS - 2);
  const said: string[] = [];
  const release = await lockDirectory(folder, (message) => said.push(message));
  expect(said).toEqual([
    `${folder} was locked by process 1 on another-container, which cannot be seen from here; taking over in 2 s unless it lives`,
  ]);
  expect(holderOf(folder)).toMatchObject({ pid: process.pid, host: hostname() });
  release();
});

test('a container of the same name is another one too', async () => {
  const { folder } = lockedElsewhere(STALE_SECONDS + 1, { ...OTHER_CONTAINER, host: hostname() });
  const said: string[] = [];
  (await lockDirectory(folder, (message) => said.push(message)))();
  expect(said).toEqual([]);
});

test('a holder that lives is told from a dead one by its next heartbeat', async () => {
  const { folder, beat } = lockedElsewhere(10);
  const start = lockDirectory(folder, beat);
  await expect(start).rejects.toThrow(
    `${folder} is in use by process 1 on another-container. Stop it, or set DATA_DIR`,
  );
  expect(holderOf(folder)).toEqual(OTHER_CONTAINER);
});

test('a holder that ends in an orderly way while the next one waits has its place taken at once', async () => {
  const { folder } = lockedElsewhere(10);
  const release = await lockDirectory(folder, () => rmSync(join(folder, 'lock')));
  expect(holderOf(folder).pid).toBe(process.pid);
  release();
});

test('a visible holder is in use or gone: nobody waits', async () => {
  const folder = newFolder();
  const never = (message: string) => {
    throw new Error(message);
  };
  const release = await lockDirectory(folder, never);
  await expect(lockDirectory(folder, never)).rejects.toThrow(`is in use by process ${String(process.pid)}`);
  const holder = holderOf(folder);
  release();
  const { folder: left } = lockedElsewhere(1, { ...holder, started: 'another boot:1' });
  (await lockDirectory(left, never))();
});
