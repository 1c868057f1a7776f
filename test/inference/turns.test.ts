import { createTurns } from '../../src/inference/device/turns.js';
import type { SampleRequest } from '../../src/inference/types.js';

const sample = (share: string, id: string) => ({ request: { share, id } as SampleRequest });
const names = (samples: readonly ReturnType<typeof sample>[]): string =>
  samples.map(({ request }) => request.id).join(' ');

/** The order in which all get in while `room` are active at a time, the oldest of which ends whenever one is to come. */
function order(waiting: ReturnType<typeof sample>[], room: number): string {
  const turns = createTurns();
  const joined = [];
  for (const active: typeof waiting = []; waiting.length > 0;) {
    if (active.length === room) active.shift();
    const next = turns.next(waiting, active);
    if (next === undefined) break;
    turns.took(next);
    waiting = waiting.filter((other) => other !== next);
    active.push(next);
    joined.push(next);
  }
  return names(joined);
}

test('shares take turns, however many one has waiting; within a share the first comes first', () => {
  const many = Array.from({ length: 5 }, (_, i) => sample('a', `a${String(i)}`));
  const few = [sample('b', 'b0'), sample('b', 'b1')];
  expect(order([...many, ...few], 2)).toBe('a0 b0 a1 b1 a2 a3 a4');
  expect(order([...many, ...few], 1)).toBe('a0 b0 a1 b1 a2 a3 a4');
});

test('a share that has none active goes before one that has', () => {
  const turns = createTurns();
  expect(turns.next([sample('a', 'a1'), sample('b', 'b0')], [sample('a', 'a0')])?.request.id).toBe('b0');
  expect(turns.next([], [])).toBeUndefined();
});
