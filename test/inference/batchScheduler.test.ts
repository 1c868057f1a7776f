/** The batch of each step, without a clock or a session: a device is a loop over the scheduler, and a sample is a number of steps. */
import type { Schedulable } from '../../src/inference/device/batch/batchScheduler.js';
import { createBatchScheduler } from '../../src/inference/device/batch/batchScheduler.js';

interface Sample extends Schedulable {
  left: number;
}

let lastKey = 0;

function sample(changes: Partial<Sample> = {}): Sample {
  return { key: ++lastKey, bundle: 'b', fairnessKey: 'a', priority: 0, rows: 3, bytes: 1, left: 4, ...changes };
}

const several = (count: number, changes: Partial<Sample>): Sample[] =>
  Array.from({ length: count }, () => sample(changes));

interface Device {
  add(...samples: Sample[]): void;
  /** Makes a step, and gives those that took part. */
  step(): readonly Sample[];
  /** Steps until nothing is left. */
  finish(): (readonly Sample[])[];
  cancel(sample: Sample): void;
  setAside(sample: Sample): void;
  putBack(sample: Sample): void;
}

function device(rows: number, bytes = Infinity, quickRows = rows): Device {
  const schedule = createBatchScheduler<Sample>({ rowBudget: () => ({ rows, quickRows }), memoryBytes: bytes });
  const step = (): readonly Sample[] => {
    const together = schedule.selectBatch();
    for (const one of together) if (--one.left === 0) schedule.remove(one);
    return together;
  };
  return {
    add: (...samples) => samples.forEach((one) => schedule.add(one)),
    step,
    finish() {
      const steps = [];
      for (let together = step(); together.length > 0; together = step()) steps.push(together);
      return steps;
    },
    cancel: (one) => schedule.remove(one),
    setAside: (one) => schedule.suspend(one),
    putBack: (one) => schedule.resume(one),
  };
}

const rowsOf = (together: readonly Sample[]): number => together.reduce((sum, { rows }) => sum + rows, 0);
const sharesOf = (together: readonly Sample[]): string => together.map(({ fairnessKey }) => fairnessKey).join('');

/** The same arrivals for the same seed: a linear congruential generator. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

describe('between fairness keys', () => {
  test('steps alternate, whatever the numbers of waiting samples', () => {
    const one = device(3);
    one.add(...several(500, { fairnessKey: 'a' }));
    one.step();
    const single = sample({ fairnessKey: 'b', left: 20 });
    one.add(single);
    let steps = 0;
    for (; single.left > 0; steps++) one.step();
    expect(steps).toBeLessThanOrEqual(2 * 20);
  });

  test('fairness counts rows, not samples', () => {
    const one = device(3);
    one.add(sample({ fairnessKey: 'a', rows: 3, left: 99 }), sample({ fairnessKey: 'b', rows: 1, left: 99 }));
    const served = { a: 0, b: 0 };
    for (let i = 0; i < 40; i++)
      for (const { fairnessKey, rows } of one.step()) served[fairnessKey as 'a' | 'b'] += rows;
    expect(Math.abs(served.a - served.b)).toBeLessThanOrEqual(3);
  });

  test('a key that returns from idleness has neither credit nor debt', () => {
    const one = device(3);
    one.add(sample({ fairnessKey: 'a', left: 1000 }), sample({ fairnessKey: 'b', left: 1 }));
    for (let i = 0; i < 100; i++) one.step();
    one.add(sample({ fairnessKey: 'b', left: 1000 }));
    expect(sharesOf(Array.from({ length: 10 }, () => one.step()).flat())).toMatch(/^(ab|ba){5}$/);
  });

  test('rows that are left go to the next sample that fits', () => {
    const one = device(12);
    one.add(
      sample({ fairnessKey: 'a' }),
      sample({ fairnessKey: 'b' }),
      sample({ fairnessKey: 'b' }),
      sample({ fairnessKey: 'c', rows: 7 }),
      sample({ fairnessKey: 'd' }),
    );
    expect(sharesOf(one.step())).toBe('abdb');
    expect(sharesOf(one.step())[0]).toBe('c');
  });
});

describe('on a device whose larger batches take longer', () => {
  test('steps are quick while a key with few samples competes with others', () => {
    const one = device(24, Infinity, 6);
    one.add(...several(100, { fairnessKey: 'a' }));
    expect(one.step()).toHaveLength(8);
    one.add(sample({ fairnessKey: 'b' }));
    expect(Array.from({ length: 4 }, () => sharesOf(one.step()))).toEqual([...Array(4).fill('ba')]);
    expect(one.step()).toHaveLength(8);
  });

  test('steps are full if there is one key, or if every key can fill them', () => {
    const one = device(24, Infinity, 6);
    one.add(...several(4, { fairnessKey: 'a', left: 1 }));
    expect(one.step()).toHaveLength(4);
    one.add(...several(20, { fairnessKey: 'a' }), ...several(20, { fairnessKey: 'b' }));
    expect(one.step()).toHaveLength(8);
  });
});

describe('between priorities', () => {
  test('the higher priority goes first, and the lower one gets the remaining rows', () => {
    const one = device(6);
    one.add(...several(2, { priority: 0 }), sample({ priority: 2 }));
    expect(one.step().map(({ priority }) => priority)).toEqual([2, 0]);
    one.add(...several(2, { priority: 1, fairnessKey: 'b' }));
    expect(one.step().map(({ priority }) => priority)).toEqual([2, 1]);
  });

  test('a new sample preempts one of a lower priority at the next step, which continues afterwards', () => {
    const one = device(3);
    const [low, high] = [sample({ left: 10 }), sample({ priority: 1, fairnessKey: 'b', left: 4 })];
    one.add(low);
    one.step();
    one.add(high);
    expect(Array.from({ length: 5 }, () => one.step()).flat()).toEqual([high, high, high, high, low]);
    expect(low.left).toBe(8);
  });

  test('every sixteenth step goes to a priority that is passed over', () => {
    const one = device(3);
    one.add(
      ...several(3, { priority: 9, left: 1e6 }),
      sample({ priority: 1, left: 1e6 }),
      sample({ priority: 0, left: 1e6 }),
    );
    const steps = Array.from({ length: 320 }, () => one.step()).flat();
    const counts = [9, 1, 0].map((priority) => steps.filter((each) => each.priority === priority).length);
    expect(counts).toEqual([300, 10, 10]);
  });
});

describe('within a flow', () => {
  test('started samples finish before others start, first come, first served', () => {
    const one = device(6);
    const samples = several(5, {});
    one.add(...samples);
    const steps = one.finish();
    const [a, b, c, d, e] = samples;
    expect(steps).toEqual([...Array(4).fill([a, b]), ...Array(4).fill([c, d]), ...Array(4).fill([e])]);
  });

  test('a preempted sample continues before samples that have not started', () => {
    const one = device(3);
    const [first, second] = several(2, {});
    one.add(first as Sample, second as Sample);
    one.step();
    one.add(sample({ fairnessKey: 'b', left: 2 }));
    expect(
      one
        .finish()
        .flat()
        .filter(({ fairnessKey }) => fairnessKey === 'a'),
    ).toEqual([...Array(3).fill(first), ...Array(4).fill(second)]);
  });

  test('a sample that does not fit does not block one that does', () => {
    const one = device(6);
    const [first, twin, third] = [sample({}), sample({ rows: 5 }), sample({})];
    one.add(first, twin, third);
    expect(one.step()).toEqual([first, third]);
    expect(one.finish().at(-1)).toEqual([twin]);
  });

  test('a suspended sample takes no steps until it is resumed, and keeps its age', () => {
    const one = device(3);
    const [first, second] = several(2, {}) as [Sample, Sample];
    one.add(first, second);
    one.step();
    one.setAside(first);
    expect(one.step()).toEqual([second]);
    one.putBack(first);
    expect(one.step()).toEqual([first]);
  });
});

describe('limits', () => {
  test('a step has one bundle, and keys that use different bundles alternate', () => {
    const one = device(60);
    one.add(
      ...several(3, { fairnessKey: 'a', bundle: 'x' }),
      ...several(3, { fairnessKey: 'b', bundle: 'y' }),
      sample({ fairnessKey: 'c', bundle: 'x' }),
    );
    expect([one.step(), one.step(), one.step()].map(sharesOf)).toEqual(
      ['acaa', 'bbb', 'acaa'].map((s) => expect.stringMatching(new RegExp(`^[${s}]+$`))),
    );
  });

  test('a sample with more rows than the budget runs alone', () => {
    const one = device(1);
    one.add(...several(2, { left: 1 }));
    expect(one.finish().map((together) => together.length)).toEqual([1, 1]);
  });

  test('a sample that waits for memory is not overtaken by smaller ones', () => {
    const one = device(3, 10);
    const [small, large] = [
      sample({ fairnessKey: 'a', bytes: 4, left: 3 }),
      sample({ fairnessKey: 'b', bytes: 8, left: 1 }),
    ];
    one.add(small, large, ...several(50, { fairnessKey: 'c', bytes: 4, left: 1 }));
    expect(Array.from({ length: 4 }, () => one.step()).flat()).toEqual([small, small, small, large]);
  });

  test('a suspended sample holds its memory until it is removed', () => {
    const one = device(3, 10);
    const [first, second] = several(2, { bytes: 8 }) as [Sample, Sample];
    one.add(first, second);
    one.step();
    one.setAside(first);
    expect(one.step()).toEqual([]);
    one.cancel(first);
    expect(one.step()).toEqual([second]);
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('any arrivals finish, within the limits, fairly (%i)', (seed) => {
  const roll = dice(seed);
  const [rows, bytes] = [3 + roll(12), 20];
  const one = device(rows, bytes);
  const begun = new Set<Sample>();
  const samples: Sample[] = [];
  const firstStep = new Map<Sample, number>();
  for (let n = 0; n < 4000 && (n < 200 || samples.some(({ left }) => left > 0)); n++) {
    for (let arrivals = n < 200 ? roll(3) : 0; arrivals > 0; arrivals--) {
      const changes = { share: 'abcd'.charAt(roll(4)), priority: roll(2), bundle: 'xy'.charAt(roll(2)) };
      const next = sample({ ...changes, rows: 1 + roll(6), bytes: 1 + roll(8), left: 1 + roll(8) });
      samples.push(next);
      one.add(next);
    }
    if (roll(10) === 0) {
      const victim = samples[roll(samples.length)];
      if (victim !== undefined) {
        victim.left = 0;
        one.cancel(victim);
      }
    }
    for (const each of begun) if (each.left === 0) begun.delete(each);
    const waits = samples.some(({ left }) => left > 0);
    const together = one.step();
    // Work conserving: nobody waits beside an idle device.
    expect(together.length > 0).toBe(waits);
    expect(new Set(together.map(({ bundle }) => bundle)).size).toBeLessThanOrEqual(1);
    expect(new Set(together).size).toBe(together.length);
    if (together.length > 1) expect(rowsOf(together)).toBeLessThanOrEqual(rows);
    for (const each of together) {
      begun.add(each);
      if (!firstStep.has(each)) firstStep.set(each, n);
    }
    if (begun.size > 1) expect([...begun].reduce((sum, each) => sum + each.bytes, 0)).toBeLessThanOrEqual(bytes);
  }
  expect(samples.filter(({ left }) => left > 0)).toEqual([]);
  // Within a share of one bundle, priority and size they begin in order of arrival.
  const alike = Map.groupBy(firstStep.keys(), (each) =>
    [each.fairnessKey, each.bundle, each.priority, each.rows].join(),
  );
  for (const line of alike.values()) {
    const begins = line.sort((a, b) => a.key - b.key).map((each) => firstStep.get(each) as number);
    expect(begins).toEqual([...begins].sort((a, b) => a - b));
  }
});

test.each([1, 2, 3])('keys that always have work are served equally to within one sample (%i)', (seed) => {
  const roll = dice(seed);
  const one = device(6);
  const served = new Map<string, number>(['a', 'b', 'c', 'd', 'e'].map((share) => [share, 0]));
  for (const share of served.keys()) one.add(...several(300, { fairnessKey: share, left: 3 }));
  one.add(...Array.from({ length: 50 }, () => sample({ fairnessKey: 'a', left: 1 + roll(9) })));
  for (let n = 0; n < 300; n++) {
    for (const { fairnessKey, rows } of one.step()) served.set(fairnessKey, (served.get(fairnessKey) ?? 0) + rows);
    expect(Math.max(...served.values()) - Math.min(...served.values())).toBeLessThanOrEqual(3);
  }
});

/** Unlike the clock, it does not count what other processes do. */
function cpuMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

test('a step with a hundred thousand waiting costs as little as with a hundred', () => {
  const timeOf = (count: number): number => {
    const one = device(24);
    for (let i = 0; i < count; i++) one.add(sample({ fairnessKey: `share ${String(i % 50)}`, left: 1e9 }));
    one.step();
    const began = process.cpuUsage();
    for (let i = 0; i < 500; i++) one.step();
    return cpuMilliseconds(began);
  };
  timeOf(100);
  const [few, many] = [timeOf(100), timeOf(100_000)];
  expect(many).toBeLessThan(20 * few + 50);
});

test('a hundred thousand are drawn, and as many canceled, in a time that grows with their number alone', () => {
  const one = device(24);
  const samples = Array.from({ length: 100_000 }, (_, i) =>
    sample({ fairnessKey: `share ${String(i % 50)}`, left: 1 }),
  );
  const began = process.cpuUsage();
  one.add(...samples.slice(0, 50_000));
  one.finish();
  one.add(...samples.slice(50_000));
  for (const each of samples.slice(50_000)) one.cancel(each);
  expect(one.step()).toEqual([]);
  expect(cpuMilliseconds(began)).toBeLessThan(5_000);
});
