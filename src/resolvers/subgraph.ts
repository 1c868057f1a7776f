/** The API as a subgraph of Apollo Federation 2: the same schema with the directives by which a router composes it. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { DirectiveNode, DocumentNode, GraphQLResolveInfo, GraphQLSchema, ObjectTypeDefinitionNode } from 'graphql';
import { getNamedType, isObjectType, parse, printSchema, visit } from 'graphql';
import { createResolversMap } from 'type-graphql';
import { PAGE_SIZE } from '../storage/pagination.js';
import type { Context } from './context.js';
import type { EntitiesArguments } from './entities.js';
import { ENTITY_KEYS, findEntities } from './entities.js';
import { LIST_LENGTHS, countCost, isPage } from './listLengths.js';

type Modules = Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>;
type GraphQLResolverMap = Exclude<Extract<Modules[number], { typeDefs: unknown }>['resolvers'], undefined>;

const LINK = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@cost", "@listSize"]
)`;

/** Small values that other subgraphs define alike. */
const VALUE_TYPES: ReadonlySet<string> = new Set(['PageInfo', 'BoundingBox', 'ImageSize']);

/** The service's own types and resolvers, and `_service` and `_entities` for the router. */
export function toSubgraph(schema: GraphQLSchema): GraphQLSchema {
  const { Query, ...others } = createResolversMap(schema) as Record<string, object>;
  const _entities = (_source: unknown, args: EntitiesArguments, context: Context): Promise<readonly unknown[]> =>
    findEntities(args, context);
  const resolvers = { ...others, Query: { ...Query, _entities } } as GraphQLResolverMap;
  const subgraph = buildSubgraphSchema([{ typeDefs: withDirectives(schema), resolvers }]);
  printOnce(subgraph);
  return subgraph;
}

/** The library prints the schema anew for each request. */
function printOnce(subgraph: GraphQLSchema): void {
  const field = subgraph.getQueryType()?.getFields()['_service'];
  const service: unknown = field?.resolve?.(undefined, {}, undefined, {} as GraphQLResolveInfo);
  if (field === undefined || service === undefined) throw new Error('the subgraph has no _service');
  field.resolve = () => service;
}

function withDirectives(schema: GraphQLSchema): DocumentNode {
  return visit(parse(`${LINK}\n${printSchema(schema)}`), {
    ObjectTypeDefinition(type: ObjectTypeDefinitionNode) {
      const name = type.name.value;
      const fields = type.fields ?? [];
      return {
        ...type,
        directives: directives(ofType(name)),
        fields: fields.map((field) => {
          const found = schema.getType(name);
          const returned = isObjectType(found) ? found.getFields()[field.name.value]?.type : undefined;
          const own = directives(ofField(name, field.name.value, returned && getNamedType(returned).name));
          return { ...field, directives: [...(field.directives ?? []), ...own] };
        }),
      };
    },
  });
}

function ofType(name: string): string {
  if (VALUE_TYPES.has(name)) return '@shareable';
  const keys = Object.entries(ENTITY_KEYS).find(([type]) => type === name)?.[1] ?? [];
  return keys.map((key) => `@key(fields: "${key}")`).join(' ');
}

/** The weight of an object is 1 and that of a leaf 0, as in the specification, also for mutations. */
function ofField(type: string, field: string, returned = ''): string {
  if (type === 'Mutation') return '@cost(weight: 1)';
  const counting = countCost(type, field);
  const cost = counting === 0 ? '' : `@cost(weight: ${String(counting)})`;
  if (isPage(returned))
    return `@listSize(assumedSize: ${String(PAGE_SIZE.default)}, slicingArguments: ["first", "last"], sizedFields: ["edges"], requireOneSlicingArgument: false)`;
  const length = LIST_LENGTHS[`${type}.${field}`];
  return length === undefined
    ? cost
    : `${cost} @listSize(assumedSize: ${String(length)}, requireOneSlicingArgument: false)`;
}

function directives(text: string): readonly DirectiveNode[] {
  const [type] = parse(`type T ${text} { f: Int }`).definitions;
  return (type as ObjectTypeDefinitionNode).directives ?? [];
}
