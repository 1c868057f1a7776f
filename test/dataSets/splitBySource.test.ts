/** How a data set is divided: by source, in the share of each group, the same for the same seed. */
import type { SplitMember } from '../../src/dataSets/splitBySource.js';
import { splitBySource } from '../../src/dataSets/splitBySource.js';

const members = (group: string, n: number, from = 0): SplitMember[] =>
  Array.from({ length: n }, (_, i) => ({ group, source: `${group} ${String(from + i)}`, isPinned: false }));
const tested = (all: readonly SplitMember[], share: number, seed = 0): SplitMember[] => {
  const splits = splitBySource(all, share, seed);
  return all.filter((_, i) => splits[i] === 'TEST');
};

test('the share of each group is for testing; of two or more at least one on each side, of one none', () => {
  const all = [...members('a', 20), ...members('b', 2), ...members('c', 1), ...members('d', 3)];
  const counts = (share: number) => {
    const found = Map.groupBy(tested(all, share), ({ group }) => group);
    return ['a', 'b', 'c', 'd'].map((group) => found.get(group)?.length ?? 0);
  };
  expect(counts(0.3)).toEqual([6, 1, 0, 1]);
  expect(counts(0.9)).toEqual([18, 1, 0, 2]);
  expect(counts(0.01)).toEqual([1, 1, 0, 1]);
  expect(counts(0)).toEqual([0, 0, 0, 0]);
});

test('members of one source stay together, also across groups', () => {
  const shared = (i: number): SplitMember[] =>
    ['a', 'b', 'b'].map((group) => ({ group, source: `s${String(i)}`, isPinned: false }));
  const all = [...Array.from({ length: 10 }, (_, i) => shared(i)).flat(), ...members('a', 4)];
  for (let seed = 0; seed < 50; seed++) {
    const splits = splitBySource(all, 0.3, seed);
    const bySource = Map.groupBy(all, ({ source }) => source);
    for (const [source] of bySource) expect(new Set(splits.filter((_, i) => all[i]?.source === source)).size).toBe(1);
    expect(splits.filter((split, i) => split === 'TEST' && all[i]?.group === 'b').length).toBeGreaterThan(0);
  }
});

test('a pinned member keeps all of its source for learning', () => {
  const all = [...members('a', 5), { group: 'b', source: 'a 0', isPinned: true }, ...members('b', 1)];
  for (let seed = 0; seed < 20; seed++) expect(tested(all, 0.9, seed).map(({ source }) => source)).not.toContain('a 0');
});

test('the seed decides, not the order, and what is added to one group changes no other', () => {
  const all = [...members('a', 30), ...members('b', 30)];
  const named = (list: readonly SplitMember[], seed = 0) =>
    new Set(tested(list, 0.3, seed).map(({ source }) => source));
  expect(named([...all].reverse())).toEqual(named(all));
  expect(named(all, 1)).not.toEqual(named(all));
  const before = [...named(all)].filter((source) => source.startsWith('a'));
  const after = [...named([...all, ...members('b', 30, 30)])].filter((source) => source.startsWith('a'));
  expect(after).toEqual(before);
});
