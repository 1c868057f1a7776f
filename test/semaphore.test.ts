import { createSemaphore } from '../src/semaphore.js';

test('so many at a time go on, the others in the order in which they came, whether those before succeed or fail', async () => {
  const semaphore = createSemaphore(2);
  const began: number[] = [];
  const ends: ((failed: boolean) => void)[] = [];
  const work = (i: number) => () => {
    began.push(i);
    return new Promise<number>((resolve, reject) => {
      ends[i] = (failed) => (failed ? reject(new Error(String(i))) : resolve(i));
    });
  };
  const settled = Promise.allSettled([0, 1, 2, 3].map((i) => semaphore.run(1, work(i))));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(began).toEqual([0, 1]);
  ends[1]?.(true);
  await turn();
  expect(began).toEqual([0, 1, 2]);
  ends[0]?.(false);
  await turn();
  expect(began).toEqual([0, 1, 2, 3]);
  ends[2]?.(false);
  ends[3]?.(false);
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});
