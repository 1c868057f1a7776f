/**
 * Counts the objects that an introspection query returns, by walking the schema as the execution would, up to a bound.
 * Introspection has no pages, so a few aliases of `types` below each other would return millions of objects.
 */
import type { FieldNode, FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, SelectionNode } from 'graphql';
import {
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  getNamedType,
  isListType,
  getNullableType,
  isObjectType,
  valueFromASTUntyped,
} from 'graphql';
import type { GraphQLField, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';

const META_FIELDS: Readonly<Record<string, GraphQLField<unknown, unknown>>> = {
  __schema: SchemaMetaFieldDef,
  __type: TypeMetaFieldDef,
};

/** Whether the field asks about the schema. `__typename` does not count. */
export function isIntrospection({ name }: FieldNode): boolean {
  return Object.hasOwn(META_FIELDS, name.value);
}

/** The number of objects and of steps on the way to them. The count stops beyond `most`. */
export function measureIntrospection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  most: number,
): number {
  let size = 0;
  const path = new Set<string>();

  /** @param type undefined above the introspection, where the objects are the tenant's and not walked */
  function walk(selections: readonly SelectionNode[], type: GraphQLObjectType | undefined, value: unknown): void {
    for (const selection of selections) {
      if (size > most) return;
      if (selection.kind === Kind.FIELD) field(selection, type, value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet.selections, type, value);
      else spread(selection.name.value, type, value);
    }
  }

  function spread(name: string, type: GraphQLObjectType | undefined, value: unknown): void {
    const fragment = fragments.get(name);
    if (fragment === undefined || path.has(name)) return;
    if (type !== undefined) size += 1;
    else if (!introspects(fragment.selectionSet.selections)) return;
    path.add(name);
    walk(fragment.selectionSet.selections, type, value);
    path.delete(name);
  }

  function field(node: FieldNode, type: GraphQLObjectType | undefined, value: unknown): void {
    const definition = type === undefined ? META_FIELDS[node.name.value] : type.getFields()[node.name.value];
    const selections = node.selectionSet?.selections;
    // A field that does not exist, or an object without a selection, is reported by other rules.
    if (definition === undefined || selections === undefined) {
      if (type === undefined && selections !== undefined) walk(selections, undefined, undefined);
      return;
    }
    const inner = getNamedType(definition.type);
    if (!isObjectType(inner)) return;
    const resolved = definition.resolve?.(value, argumentsOf(node), undefined, { schema } as GraphQLResolveInfo);
    const items: unknown[] = isListType(getNullableType(definition.type))
      ? [...((resolved ?? []) as Iterable<unknown>)]
      : [resolved];
    for (const item of items) {
      if (item === null || item === undefined) continue;
      size += 1;
      if (size > most) return;
      walk(selections, inner, item);
    }
  }

  const introspecting = new Map<string, boolean>();
  /** Whether introspection occurs below, so that fragments without it are not walked once per path. */
  function introspects(selections: readonly SelectionNode[]): boolean {
    return selections.some((selection) => {
      if (selection.kind === Kind.FIELD)
        return isIntrospection(selection) || introspects(selection.selectionSet?.selections ?? []);
      if (selection.kind === Kind.INLINE_FRAGMENT) return introspects(selection.selectionSet.selections);
      const name = selection.name.value;
      const known = introspecting.get(name);
      if (known !== undefined) return known;
      introspecting.set(name, false);
      const found = introspects(fragments.get(name)?.selectionSet.selections ?? []);
      introspecting.set(name, found);
      return found;
    });
  }

  if (introspects(operation.selectionSet.selections)) walk(operation.selectionSet.selections, undefined, undefined);
  return size;
}

/** A variable counts as true: deprecated fields are included. */
function argumentsOf({ arguments: given = [] }: FieldNode): Record<string, unknown> {
  return Object.fromEntries(
    given.map(({ name, value }) => [name.value, value.kind === Kind.VARIABLE ? true : valueFromASTUntyped(value)]),
  );
}
