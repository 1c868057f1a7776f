/** The batch of each step, without a clock or a session. */
import type { Sample } from './schedulerDevice.js';
import { device, sample, several } from './schedulerDevice.js';

const sharesOf = (together: readonly Sample[]): string => together.map(({ fairnessKey }) => fairnessKey).join('');

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
