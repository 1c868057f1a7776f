/** The scheduler under load: random arrivals, keys that always have work, and a hundred thousand samples. */
import type { Sample } from './schedulerDevice.js';
import { device, sample, several } from './schedulerDevice.js';

const rowsOf = (together: readonly Sample[]): number => together.reduce((sum, { rows }) => sum + rows, 0);

/** The same arrivals for the same seed: a linear congruential generator. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

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
