/**
 * How many pairs of fields of the same name the validation compares (OverlappingFieldsCanBeMerged of graphql-js): each
 * with each, so that five hundred small fields of one name hold up the event loop for a third of a second.
 */
import type { DocumentNode, FragmentDefinitionNode, SelectionSetNode } from 'graphql';
import { Kind } from 'graphql';

const MAX_DEPTH = 30;
const MAX_VISITS = 20_000;

/** Above `limit` as soon as it is known to be. */
export function repetitionOf(document: DocumentNode, limit: number): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  let [pairs, visits] = [0, 0];

  /** Sets that are merged into one, because they are of fields of one name. */
  function compare(sets: readonly SelectionSetNode[], depth: number): void {
    const below = new Map<string, SelectionSetNode[]>();
    const counts = new Map<string, number>();
    const spread = new Set<string>();
    const collect = (set: SelectionSetNode): void => {
      for (const selection of set.selections) {
        if (++visits > MAX_VISITS) pairs = Infinity;
        if (pairs > limit) return;
        if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
        else if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = fragments.get(selection.name.value);
          if (fragment === undefined || spread.has(selection.name.value)) continue;
          spread.add(selection.name.value);
          collect(fragment.selectionSet);
        } else {
          const name = (selection.alias ?? selection.name).value;
          const earlier = counts.get(name) ?? 0;
          pairs += earlier;
          counts.set(name, earlier + 1);
          if (selection.selectionSet === undefined) continue;
          const sameName = below.get(name);
          if (sameName === undefined) below.set(name, [selection.selectionSet]);
          else sameName.push(selection.selectionSet);
        }
      }
    };
    for (const set of sets) collect(set);
    if (depth < MAX_DEPTH) for (const merged of below.values()) if (pairs <= limit) compare(merged, depth + 1);
  }

  for (const node of document.definitions)
    if (node.kind === Kind.OPERATION_DEFINITION || node.kind === Kind.FRAGMENT_DEFINITION)
      compare([node.selectionSet], 0);
  return pairs;
}
