/** The event loop is shared between tenants by time, and with everything else that waits for it. */
import { createFairTurns } from '../src/fairTurns.js';

let time = 0;
const order: string[] = [];

/** Turns whose first slice is used up, so that all work waits. */
function busyTurns() {
  const turns = createFairTurns(() => time);
  turns.spend(10_000);
  order.length = 0;
  const work = async (tenant: string, takesMs: number): Promise<void> => {
    await turns.next(tenant);
    time += takesMs;
    order.push(tenant);
  };
  const much = (tenant: string, takesMs: number) => Array.from({ length: 60 }, () => work(tenant, takesMs));
  return { turns, work, much };
}

test('a tenant that comes late goes first, whatever waits of another', async () => {
  const { work, much } = busyTurns();
  await Promise.all([...much('greedy', 1), work('polite', 1)]);
  expect(order[0]).toBe('polite');
  expect(order).toHaveLength(61);
});

test('tenants get the same time, not the same number of turns', async () => {
  const { much } = busyTurns();
  await Promise.all([...much('long', 4), ...much('short', 1)]);
  const first = order.slice(0, 50).filter((tenant) => tenant === 'short');
  expect(first.length).toBeGreaterThanOrEqual(36);
  expect(first.length).toBeLessThanOrEqual(44);
});

test('other work of the event loop comes between, after a few milliseconds', async () => {
  const { much } = busyTurns();
  let iterations = 0;
  let counting = true;
  const count = (): void => {
    iterations += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(much('greedy', 1));
  counting = false;
  expect(iterations).toBeGreaterThanOrEqual(15);
});

test('operations begin one by one, and one that finds the loop idle does not wait', async () => {
  const { turns } = busyTurns();
  const begun: number[] = [];
  const operations = [1, 2, 3].map(async (id) => {
    await turns.nextOperation('greedy');
    time += 5;
    begun.push(id);
  });
  await operations[0];
  expect(begun).toEqual([1]);
  await Promise.all(operations);
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(turns.nextOperation('polite')).toBeUndefined();
});
