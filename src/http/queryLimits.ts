/**
 * Bounds on one query, checked before execution: length, depth, aliases, the number of objects that it can request, and
 * the size of its introspection. They apply to all transports; Apollo's rules cover HTTP only.
 */
import type {
  ASTVisitor,
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLNamedType,
  GraphQLOutputType,
  GraphQLSchema,
  SelectionSetNode,
  ValidationContext,
  ValidationRule,
} from 'graphql';
import { GraphQLError, Kind, getNamedType, isInterfaceType, isObjectType } from 'graphql';
import { LIST_LENGTHS, countCost, isPage } from '../resolvers/listLengths.js';
import { PAGE_SIZE } from '../storage/pagination.js';
import { isIntrospection, measureIntrospection } from './introspectionSize.js';

export const QUERY_LIMITS = {
  tokens: 2_000,
  /** Brackets within brackets, of any kind. */
  nesting: 64,
  /** Pairs of fields of one name, which the validation compares. */
  repetition: 20_000,
  depth: 15,
  aliases: 50,
  nodes: 50_000,
  /** Objects of the schema. The usual introspection query takes about 2,200. */
  introspection: 10_000,
} as const;

interface QuerySize {
  depth: number;
  aliases: number;
  nodes: number;
  /** What counting the page or the samples itself takes, which is not multiplied by a page's length. */
  counting: number;
}

const NOTHING: QuerySize = { depth: 0, aliases: 0, nodes: 0, counting: 0 };

export const queryLimits: ValidationRule = (context: ValidationContext): ASTVisitor => ({
  Document(document: DocumentNode) {
    const schema = context.getSchema();
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    }
    const measure = createMeasure(schema, fragments);
    for (const node of document.definitions) {
      if (node.kind !== Kind.OPERATION_DEFINITION) continue;
      const size = measure(node.selectionSet, schema.getRootType(node.operation));
      for (const limit of ['depth', 'aliases', 'nodes'] as const) {
        if (size[limit] > QUERY_LIMITS[limit]) context.reportError(tooLarge(limit, size[limit]));
      }
      const introspection = measureIntrospection(schema, node, fragments, QUERY_LIMITS.introspection);
      if (introspection > QUERY_LIMITS.introspection) context.reportError(tooLarge('introspection', introspection));
    }
  },
});

export function tooLarge(limit: Exclude<keyof typeof QUERY_LIMITS, 'tokens'>, size: number): GraphQLError {
  const words = {
    nesting: 'levels deep in brackets or more',
    repetition: 'pairs of fields of one name or more',
    depth: 'levels deep',
    aliases: 'aliases',
    nodes: 'objects at most',
    introspection: 'objects of the schema or more',
  }[limit];
  return new GraphQLError(
    `The query is too large: ${String(size)} ${words}, ${String(QUERY_LIMITS[limit])} are allowed. Request less at a time.`,
    { extensions: { code: 'QUERY_TOO_LARGE', limit, allowed: QUERY_LIMITS[limit] } },
  );
}

type Parent = GraphQLNamedType | null | undefined;

function createMeasure(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  // Each fragment is measured once, however often it is spread: a few dozen fragments that spread each other have
  // billions of paths.
  const known = new Map<string, QuerySize>();

  function measure(set: SelectionSetNode, parent: Parent): QuerySize {
    const total = { ...NOTHING };
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const type = fieldType(parent, selection.name.value);
        const inner = isIntrospection(selection) ? undefined : getNamedType(type);
        const below = selection.selectionSet === undefined ? NOTHING : measure(selection.selectionSet, inner);
        total.depth = Math.max(total.depth, below.depth + 1);
        total.aliases += below.aliases + (selection.alias === undefined ? 0 : 1);
        total.counting += countCost(parent?.name ?? '', selection.name.value);
        // The objects of the schema are counted one by one: introspectionSize.ts.
        if (selection.selectionSet === undefined || isIntrospection(selection)) continue;
        const times = isPage(inner?.name ?? '')
          ? pageSize(selection.arguments ?? [])
          : (LIST_LENGTHS[`${parent?.name ?? ''}.${selection.name.value}`] ?? 1);
        total.nodes += times * (1 + below.nodes) + below.counting;
      } else {
        const below =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? spread(selection.name.value)
            : measure(selection.selectionSet, typeCondition(selection.typeCondition?.name.value) ?? parent);
        total.depth = Math.max(total.depth, below.depth);
        total.aliases += below.aliases;
        total.nodes += below.nodes;
        total.counting += below.counting;
      }
    }
    return total;
  }

  const typeCondition = (name: string | undefined): Parent => (name === undefined ? undefined : schema.getType(name));

  function spread(name: string): QuerySize {
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const found = known.get(name);
    if (found !== undefined) return found;
    // Counts as empty while it is being measured. Another rule reports cycles; here, they must not recurse forever.
    known.set(name, NOTHING);
    const size = measure(fragment.selectionSet, typeCondition(fragment.typeCondition.name.value));
    known.set(name, size);
    return size;
  }

  return measure;
}

function fieldType(parent: Parent, name: string): GraphQLOutputType | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name]?.type : undefined;
}

type Argument = {
  readonly name: { readonly value: string };
  readonly value: { readonly kind: Kind; readonly value?: unknown };
};

/** A variable can be as large as the largest page. Resolvers reject values out of range. */
function pageSize(args: readonly unknown[]): number {
  const sizes = (args as readonly Argument[])
    .filter(({ name }) => name.value === 'first' || name.value === 'last')
    .map(({ value }) => (value.kind === Kind.INT ? Number(value.value) : PAGE_SIZE.max));
  if (sizes.length === 0) return PAGE_SIZE.default;
  return Math.min(Math.max(...sizes, 0), PAGE_SIZE.max);
}
