/**
 * Bounds on one query, checked before it runs: length, depth, aliases, and how many objects it could ask for.
 * Given to HTTP and to WebSocket alike; Apollo's rules do not reach the latter.
 */
import type {
  DocumentNode,
  FragmentDefinitionNode,
  SelectionSetNode,
  ValidationContext,
  ValidationRule,
} from 'graphql';
import { GraphQLError, Kind } from 'graphql';
import { PAGE_SIZE } from '../storage/pagination.js';

export const QUERY_LIMITS = { tokens: 2_000, depth: 15, aliases: 50, nodes: 50_000 } as const;

/** The fields that are pages; under each, everything is asked for as often as the page is long. */
const PAGES = new Set([
  'products',
  'defects',
  'generations',
  'samples',
  'references',
  'apiKeys',
  'webhooks',
  'deliveries',
  'exports',
  'aliases',
]);

interface Size {
  depth: number;
  aliases: number;
  nodes: number;
}

const NOTHING: Size = { depth: 0, aliases: 0, nodes: 0 };

export const queryLimits: ValidationRule = (context: ValidationContext) => ({
  Document(document: DocumentNode) {
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    }
    const measure = createMeasure(fragments);
    for (const node of document.definitions) {
      if (node.kind !== Kind.OPERATION_DEFINITION) continue;
      const size = measure(node.selectionSet);
      for (const limit of ['depth', 'aliases', 'nodes'] as const) {
        if (size[limit] > QUERY_LIMITS[limit]) context.reportError(tooLarge(limit, size[limit]));
      }
    }
  },
});

function tooLarge(limit: keyof Size, size: number): GraphQLError {
  const words = { depth: 'levels deep', aliases: 'aliases', nodes: 'objects at most' }[limit];
  return new GraphQLError(
    `The query is too large: ${String(size)} ${words}, ${String(QUERY_LIMITS[limit])} are allowed. Ask for less at a time.`,
    { extensions: { code: 'QUERY_TOO_LARGE', limit, allowed: QUERY_LIMITS[limit] } },
  );
}

function createMeasure(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  // Each fragment is measured once, however many ways lead to it: a few dozen that spread each other have billions.
  const known = new Map<string, Size>();

  function measure(set: SelectionSetNode): Size {
    const total = { ...NOTHING };
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        // The depth of introspection is bounded by graphql-js, and the standard query is a deep one.
        if (selection.name.value.startsWith('__')) continue;
        const below = selection.selectionSet === undefined ? NOTHING : measure(selection.selectionSet);
        const times = PAGES.has(selection.name.value) ? pageSize(selection.arguments ?? []) : 1;
        total.depth = Math.max(total.depth, below.depth + 1);
        total.aliases += below.aliases + (selection.alias === undefined ? 0 : 1);
        if (selection.selectionSet !== undefined) total.nodes += times * (1 + below.nodes);
      } else {
        const below =
          selection.kind === Kind.FRAGMENT_SPREAD ? spread(selection.name.value) : measure(selection.selectionSet);
        total.depth = Math.max(total.depth, below.depth);
        total.aliases += below.aliases;
        total.nodes += below.nodes;
      }
    }
    return total;
  }

  function spread(name: string): Size {
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const found = known.get(name);
    if (found !== undefined) return found;
    // While it is measured it counts for nothing: a cycle is an error of another rule and must not loop in this one.
    known.set(name, NOTHING);
    const size = measure(fragment.selectionSet);
    known.set(name, size);
    return size;
  }

  return measure;
}

type Argument = {
  readonly name: { readonly value: string };
  readonly value: { readonly kind: Kind; readonly value?: unknown };
};

/** A variable could be anything up to the largest page; what is out of range is refused when it is resolved. */
function pageSize(args: readonly unknown[]): number {
  const first = (args as readonly Argument[]).find(({ name }) => name.value === 'first');
  if (first === undefined) return PAGE_SIZE.default;
  if (first.value.kind !== Kind.INT) return PAGE_SIZE.max;
  return Math.min(Math.max(Number(first.value.value), 0), PAGE_SIZE.max);
}
