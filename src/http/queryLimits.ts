/**
 * Bounds on one query, checked before execution: length, depth, aliases, and the number of objects that it can request.
 * They apply to HTTP and WebSocket; Apollo's rules cover HTTP only.
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

/** Fields that return pages. Everything below them is counted once per item of the page. */
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

interface QuerySize {
  depth: number;
  aliases: number;
  nodes: number;
}

const NOTHING: QuerySize = { depth: 0, aliases: 0, nodes: 0 };

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

function tooLarge(limit: keyof QuerySize, size: number): GraphQLError {
  const words = { depth: 'levels deep', aliases: 'aliases', nodes: 'objects at most' }[limit];
  return new GraphQLError(
    `The query is too large: ${String(size)} ${words}, ${String(QUERY_LIMITS[limit])} are allowed. Request less at a time.`,
    { extensions: { code: 'QUERY_TOO_LARGE', limit, allowed: QUERY_LIMITS[limit] } },
  );
}

function createMeasure(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  // Each fragment is measured once, however often it is spread: a few dozen fragments that spread each other have
  // billions of paths.
  const known = new Map<string, QuerySize>();

  function measure(set: SelectionSetNode): QuerySize {
    const total = { ...NOTHING };
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        // graphql-js bounds the depth of introspection, and the standard introspection query is deep.
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

  function spread(name: string): QuerySize {
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const found = known.get(name);
    if (found !== undefined) return found;
    // Counts as empty while it is being measured. Another rule reports cycles; here, they must not recurse forever.
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

/** A variable can be as large as the largest page. Resolvers reject values out of range. */
function pageSize(args: readonly unknown[]): number {
  const first = (args as readonly Argument[]).find(({ name }) => name.value === 'first');
  if (first === undefined) return PAGE_SIZE.default;
  if (first.value.kind !== Kind.INT) return PAGE_SIZE.max;
  return Math.min(Math.max(Number(first.value.value), 0), PAGE_SIZE.max);
}
