import { batchWrites } from '../src/generations/worker/writeBatching.js';

/** Rounds that take a turn of the loop each. */
function rounds(fails: (item: number) => boolean = () => false) {
  const made: number[][] = [];
  const ask = batchWrites<number>(async (items) => {
    made.push([...items]);
    await new Promise((resolve) => setImmediate(resolve));
    if (items.some(fails)) throw new Error(`of ${items.join()}`);
  });
  return { made, ask };
}

test('the first request runs at once, and all requests during a round form the next one', async () => {
  const { made, ask } = rounds();
  await Promise.all([1, 2, 3].map(ask));
  expect(made).toEqual([[1], [2, 3]]);
  await ask(4);
  expect(made).toEqual([[1], [2, 3], [4]]);
});

test('none fails for its neighbour, and those after it are not held up', async () => {
  const { made, ask } = rounds((item) => item === 3);
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(ask));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[2]).toMatchObject({ reason: { message: 'of 3' } });
  expect(made).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  await expect(ask(5)).resolves.toBeUndefined();
});
