/** Concurrent identical reads are made once, separately for each tenant. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { coalesceRead } from '../src/storage/readCoalescing.js';
import type { TenantScope } from '../src/storage/tenantScope.js';

const scopeOf = (tenantId: string): TenantScope => ({ tenantId }) as TenantScope;
let reads: string[] = [];
beforeEach(() => void (reads = []));

const read = (tenantId: string, what = 'samples/1'): Promise<string> =>
  coalesceRead(scopeOf(tenantId), what, () => {
    reads.push(`${tenantId}: ${what}`);
    return Promise.resolve(`of ${tenantId}`);
  });

test('those who ask before it begins share one read', async () => {
  expect(await Promise.all([read('a'), read('a'), read('a')])).toEqual(['of a', 'of a', 'of a']);
  expect(reads).toEqual(['a: samples/1']);
});

test('two tenants who ask for the same are answered apart', async () => {
  expect(await Promise.all([read('a'), read('b')])).toEqual(['of a', 'of b']);
  expect(reads).toEqual(['a: samples/1', 'b: samples/1']);
});

test('who asks when a read has begun has one of their own, which sees what has happened since', async () => {
  const first = read('a');
  await turnOfTheLoop();
  const second = read('a');
  await Promise.all([first, second]);
  expect(reads).toEqual(['a: samples/1', 'a: samples/1']);
});

test('a read that fails fails for all who wait for it, and not for the next', async () => {
  const failing = (): Promise<never> => Promise.reject(new Error('gone'));
  const asked = [1, 2].map(() => coalesceRead(scopeOf('a'), 'x', failing));
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await read('a', 'x')).toBe('of a');
});
