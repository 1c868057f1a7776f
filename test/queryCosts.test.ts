/** What the schema of the subgraph declares as `@listSize` and `@cost` is what queries are priced and refused by. */
import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import {
  Kind,
  getNamedType,
  graphql,
  isCompositeType,
  isObjectType,
  parse,
  validate,
  valueFromASTUntyped,
} from 'graphql';
import { createFairTurns } from '../src/fairTurns.js';
import { QUERY_LIMITS, queryLimits } from '../src/http/queryLimits.js';
import { createAnswer } from '../src/resolvers/boundedAnswers.js';
import { countCost } from '../src/resolvers/listLengths.js';
import { createSchema } from '../src/resolvers/schema.js';
import { PAGE_SIZE } from '../src/storage/pagination.js';

const schema = createSchema({ federation: true });

/** The objects of a field, by the limit: so many below each of them are allowed, and one more is not. */
function expectSize(type: string, field: string, size: number): void {
  const below = Math.floor(QUERY_LIMITS.nodes / size) - 1;
  expect([type, field, refusals(type, field, below)]).toEqual([type, field, []]);
  expect([type, field, refusals(type, field, below + 1)]).toEqual([type, field, ['nodes']]);
}

/** The limits that a query exceeds which has so many objects below each object of the field. */
function refusals(type: string, field: string, below: number): readonly unknown[] {
  const bits = [...below.toString(2)].reverse();
  // Each fragment has twice the objects of the one before it.
  const fragments = bits.map((_, i) => {
    const half = `...f${String(i - 1)}`;
    return `fragment f${String(i)} on Any { ${i === 0 ? 'o { leaf }' : `${half} ${half}`} }`;
  });
  const spreads = bits.map((bit, i) => (bit === '1' ? `...f${String(i)}` : '')).join(' ');
  const query = `{ ... on ${type} { ${field} { leaf ${spreads} } } } ${fragments.join(' ')}`;
  return validate(schema, parse(query), [queryLimits]).map(({ extensions }) => extensions['limit']);
}

type Directive = Readonly<Record<string, unknown>>;

function directive({ directives = [] }: FieldDefinitionNode, name: string): Directive | undefined {
  const found: ConstDirectiveNode | undefined = directives.find((one) => one.name.value === name);
  return found && Object.fromEntries((found.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)])); // prettier-ignore
}

interface Declared {
  readonly type: string;
  readonly field: string;
  readonly listSize: Directive | undefined;
  readonly cost: Directive | undefined;
}

let declared: readonly Declared[];
beforeAll(async () => {
  const contextValue = { answer: createAnswer('a tenant', createFairTurns()) };
  const { data } = await graphql({ schema, source: '{ _service { sdl } }', contextValue });
  const { sdl } = data?.['_service'] as { sdl: string };
  declared = parse(sdl).definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
    return (definition.fields ?? []).map((node) => ({
      type: definition.name.value,
      field: node.name.value,
      listSize: directive(node, 'listSize'),
      cost: directive(node, 'cost'),
    }));
  });
});

/** Whether the field returns objects. */
function hasObjects({ type, field }: Declared): boolean {
  const found = schema.getType(type);
  return isObjectType(found) && isCompositeType(getNamedType(found.getFields()[field]?.type));
}

test('a list has the declared size: of its page, the default page, or at most', () => {
  const lists = declared.filter(({ listSize }) => listSize !== undefined);
  expect(lists.length).toBeGreaterThan(10);
  for (const { type, field, listSize = {} } of lists) {
    const { assumedSize, slicingArguments, sizedFields, requireOneSlicingArgument } = listSize;
    expect(requireOneSlicingArgument).toBe(false);
    expectSize(type, field, Number(assumedSize));
    if (slicingArguments === undefined) continue;
    expect([slicingArguments, sizedFields]).toEqual([['first', 'last'], ['edges']]);
    for (const argument of ['first', 'last']) {
      expectSize(type, `${field}(${argument}: 7)`, 7);
      expectSize(type, `${field}(${argument}: ${String(PAGE_SIZE.max)})`, PAGE_SIZE.max);
    }
    expectSize(type, `${field}(first: 1, last: 50)`, 50);
  }
});

test('every other field has one object, and a mutation says so', () => {
  const others = declared.filter((one) => one.listSize === undefined && hasObjects(one));
  expect(others.length).toBeGreaterThan(100);
  for (const { type, field, cost } of others) {
    expectSize(type, field, 1);
    const weight = type === 'Mutation' ? 1 : countCost(type, field) || undefined;
    expect([type, field, cost]).toEqual([type, field, weight && { weight }]);
  }
});

test('a count is priced as declared: once for its page, and again for each object above it', () => {
  const counts = declared.filter(({ cost, type }) => cost !== undefined && type !== 'Mutation');
  expect(counts.length).toBeGreaterThan(8);
  for (const { type, field, cost } of counts)
    expect([type, field, cost]).toEqual(
      type === 'SampleStatistics'
        ? [type, expect.stringMatching(/^(count|complete|reviews|histograms)$/), { weight: 4000 }]
        : [expect.stringMatching(/Connection$/), 'totalCount', { weight: 400 }],
    );
  const nodes = (query: string): unknown =>
    /: (\d+) objects/.exec(validate(schema, parse(query), [queryLimits])[0]?.message ?? '')?.[1];
  const each =
    'samples(first: 100) { totalCount ...twice } } } } } fragment twice on SampleConnection { b: totalCount }';
  expect(nodes(`{ products(first: 100) { edges { node { ${each}`)).toBe(String(100 * (1 + 1 + 1 + 100 + 2 * 400)));
  const statistics = (of: number): string =>
    `{ ${[...Array(of).keys()].map((i) => `s${String(i)}: sampleStatistics { histograms { measure } }`).join(' ')} }`;
  expect(nodes(statistics(12))).toBeUndefined();
  expect(nodes(statistics(13))).toBe(String(13 * (1 + 7 + 4000)));
});
