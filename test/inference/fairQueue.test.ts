/** The fair queue by itself: priority, start-time fair queueing between fairness keys, then age. */
import type { FairQueue } from '../../src/inference/fairQueue.js';
import { createFairQueue } from '../../src/inference/fairQueue.js';
import type { QueueItem } from '../../src/inference/flow.js';

interface Named extends QueueItem {
  readonly name: string;
  readonly cost: number;
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${String(i)}`);

describe('the queue', () => {
  let lastKey = 0;
  const sample = (name: string, fairnessKey = 'a', priority = 0, cost = 1): Named => ({
    key: ++lastKey,
    name,
    fairnessKey,
    priority,
    bundle: 'b',
    rows: 3,
    cost,
  });
  const createQueue = (): FairQueue<Named> => createFairQueue<Named>(({ cost }) => cost);
  const take = (queue: FairQueue<Named>, item: Named): void => {
    queue.charge(item);
    queue.remove(item);
  };
  const drain = (queue: FairQueue<Named>): string => {
    let order = '';
    for (;;) {
      const [next] = queue.inOrder();
      if (next === undefined) return order;
      order += next.name;
      take(queue, next);
    }
  };

  test('orders by priority, then fairly between keys, then by arrival', () => {
    const queue = createQueue();
    for (const name of '1234') queue.add(sample(name, 'a'));
    for (const name of 'xy') queue.add(sample(name, 'b'));
    queue.add(sample('!', 'a', 9));
    // Its urgent one has been a turn of share a.
    expect([...queue.inOrder()].map(({ name }) => name).join('')).toBe('!1x2y34');
    expect(drain(queue)).toBe('!x1y234');
    expect(queue.size).toBe(0);
  });

  test('charges the cost of the items', () => {
    const queue = createQueue();
    for (const name of 'AB') queue.add(sample(name, 'a', 0, 3));
    for (const name of '123456') queue.add(sample(name, 'b', 0, 1));
    expect(drain(queue)).toBe('A123B456');
  });

  test('gives no credit for idleness', () => {
    const queue = createQueue();
    for (const name of '12345678') queue.add(sample(name, 'a'));
    for (const first of [...queue.inOrder()].slice(0, 4)) take(queue, first);
    for (const name of 'xyz') queue.add(sample(name, 'b'));
    expect(drain(queue)).toBe('x5y6z78');
  });

  test('puts returned items before the rest of their flow', () => {
    const queue = createQueue();
    const first = sample('1');
    queue.add(first);
    queue.add(sample('2'));
    take(queue, first);
    queue.addStarted(first);
    expect(drain(queue)).toBe('12');
  });

  test('does not charge removed items', () => {
    const queue = createQueue();
    const canceled = ids(500).map((name) => sample(name, 'a'));
    canceled.forEach((one) => queue.add(one));
    canceled.forEach((one) => queue.remove(one));
    queue.add(sample('1', 'a'));
    for (const name of 'xy') queue.add(sample(name, 'b'));
    expect(drain(queue)).toBe('1xy');
  });
});
