/**
 * Divides the members of a data set into those that a model learns from and those that it is tested on. Members with the
 * same source, such as one photograph with two defects, stay together, or a model would be tested on what it has seen. The
 * seed and the sources alone decide, so that the same photographs are always divided the same way.
 */
import { createHash } from 'node:crypto';

export interface SplitMember {
  /** Its product and defect. */
  readonly group: string;
  readonly source: string;
  /** Whether it, and all of its source, is for learning. */
  readonly isPinned: boolean;
}

export type Split = 'TRAIN' | 'TEST';

/**
 * About `share` of the photographs of every group is for testing, and of two sources or more, at least one on each side,
 * as far as the sources allow. Returns the split of each member, in their order.
 */
export function splitBySource(members: readonly SplitMember[], share: number, seed: number): readonly Split[] {
  const sources = Map.groupBy(members, ({ source }) => source);
  const groups = groupsOf(members);
  const free = [...sources.entries()].filter(([, all]) => !all.some(({ isPinned }) => isPinned));
  const order = free
    .map(([source, all]) => ({ source, all, rank: rankOf(source, seed) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const held = new Set<string>();
  const place = (fits: (group: Group, members: number) => boolean): void => {
    for (const { source, all } of order) {
      const counts = [...Map.groupBy(all, ({ group }) => group)].map(
        ([name, own]) => [groups.get(name) as Group, own.length] as const,
      );
      if (held.has(source) || !counts.every(([group, n]) => fits(group, n))) continue;
      held.add(source);
      for (const [group, n] of counts) {
        group.tested += n;
        group.testedSources += 1;
      }
    }
  };
  const leavesOne = (group: Group): boolean => group.testedSources + 1 < group.sources;
  place((group, n) => leavesOne(group) && group.tested + n <= Math.round(share * group.members));
  if (share > 0) place((group) => leavesOne(group) && group.tested === 0);
  return members.map(({ source }) => (held.has(source) ? 'TEST' : 'TRAIN'));
}

interface Group {
  readonly members: number;
  readonly sources: number;
  tested: number;
  testedSources: number;
}

function groupsOf(members: readonly SplitMember[]): ReadonlyMap<string, Group> {
  const found = Map.groupBy(members, ({ group }) => group);
  return new Map(
    [...found].map(([name, all]) => [
      name,
      { members: all.length, sources: new Set(all.map(({ source }) => source)).size, tested: 0, testedSources: 0 },
    ]),
  );
}

function rankOf(source: string, seed: number): string {
  return createHash('sha256')
    .update(`${String(seed)} ${source}`)
    .digest('hex');
}
