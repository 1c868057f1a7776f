/** The folder of a process that runs stays, and that of a dead one goes. */
import { existsSync, mkdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { openTemporaryFolder } from '../src/artifacts/temporaryFolder.js';
import { newFolder } from './support/server.js';
import { until } from './support/until.js';

const LONG_AGO = new Date(Date.now() - 25 * 3_600_000);
const TEN_MINUTES_MS = 600_000;

afterEach(() => jest.useRealTimers());

test('the start of another process removes what was not touched for a day', async () => {
  const parent = newFolder();
  const dead = join(parent, 'dead');
  mkdirSync(dead);
  const alive = await openTemporaryFolder(parent, false);
  utimesSync(dead, LONG_AGO, LONG_AGO);
  await openTemporaryFolder(parent, false);
  expect([existsSync(dead), existsSync(alive)]).toEqual([false, true]);
});

test('a process touches its folder, and makes it again where it is gone', async () => {
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'setImmediate', 'queueMicrotask'] });
  const folder = await openTemporaryFolder(newFolder(), false);
  utimesSync(folder, LONG_AGO, LONG_AGO);
  jest.advanceTimersByTime(TEN_MINUTES_MS);
  jest.useRealTimers();
  await until(() => Promise.resolve(statSync(folder).mtimeMs > LONG_AGO.getTime() + TEN_MINUTES_MS));

  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'setImmediate', 'queueMicrotask'] });
  const other = await openTemporaryFolder(newFolder(), false);
  rmSync(other, { recursive: true });
  jest.advanceTimersByTime(TEN_MINUTES_MS);
  jest.useRealTimers();
  await until(() => Promise.resolve(existsSync(other)));
});
