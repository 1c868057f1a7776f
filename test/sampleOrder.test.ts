/** Samples in every order, page after page, and their counts and histograms by the database. */
import { QUICK, finished, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

const MEASURES = ['STRENGTH', 'AREA_FRACTION', 'CONFIDENCE', 'VISIBILITY', 'AGREEMENT', 'SEAM', 'DIRECTION'];
const FIELDS = ['CREATED_AT', ...MEASURES];
const NODE = 'id createdAt strength areaFraction confidence scores { visibility agreement seam direction }';

let server: Server;
let all: Json[];

beforeAll(async () => {
  server = await startServer();
  const tied = { ...QUICK, count: 4, strength: { min: 1, max: 2 } };
  // Two generations have the same strengths, and only those with a twin have scores.
  for (const input of [tied, { ...tied, seed: 3 }, { ...QUICK, count: 3, twin: true }])
    await finished(server, (await generate(server, input)).id);
  all = (await server.data(`{ samples(first: 100) { edges { node { ${NODE} } } } }`)).samples.edges.map(
    ({ node }: Json) => node,
  );
});

function valueOf(sample: Json, field: string): number | null {
  const name = field.toLowerCase().replace(/_(.)/, (_, letter: string) => letter.toUpperCase());
  if (name === 'createdAt') return Date.parse(sample.createdAt);
  return sample[name] ?? sample.scores?.[name] ?? null;
}

/** By value, then by id; those without a value last. */
function expectedOrder(field: string, sign: number): string[] {
  const compare = (a: Json, b: Json): number => {
    const [x, y] = [valueOf(a, field), valueOf(b, field)];
    if (x === null || y === null) return x === y ? sign * byId(a, b) : x === null ? 1 : -1;
    return sign * (x - y || byId(a, b));
  };
  return all.toSorted(compare).map(({ id }) => id);
}

const byId = (a: Json, b: Json): number => (a.id < b.id ? -1 : 1);

test.each(FIELDS.flatMap((field) => ['ASC', 'DESC'].map((direction) => [field, direction])))(
  'pages in the order of %s %s hold each sample once, ties by id, and those without a value last',
  async (field, direction) => {
    const expected = expectedOrder(field, direction === 'ASC' ? 1 : -1);
    for (const [end, size] of [
      ['first', 1],
      ['first', 3],
      ['first', 100],
      ['last', 1],
      ['last', 4],
    ] as const) {
      const [cursor, more] =
        end === 'first' ? (['after', 'hasNextPage'] as const) : (['before', 'hasPreviousPage'] as const);
      const seen: string[] = [];
      for (let from: string | null = null; ;) {
        const { samples } = await server.data(
          `query ($size: Int, $from: String) { samples(${end}: $size, ${cursor}: $from, orderBy: { field: ${field}, direction: ${direction} }) {
            edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
          { size, from },
        );
        const found = samples.edges.map(({ node }: Json) => node.id as string);
        if (end === 'first') seen.push(...found);
        else seen.unshift(...found);
        if (samples.pageInfo[more] !== true) break;
        from = samples.pageInfo[end === 'first' ? 'endCursor' : 'startCursor'];
      }
      expect(seen).toEqual(expected);
    }
  },
);

test('some samples have scores and some have not, and strengths are tied, or this would test nothing', () => {
  expect(new Set(all.map((sample) => valueOf(sample, 'VISIBILITY') === null)).size).toBe(2);
  expect(new Set(all.map(({ strength }) => strength)).size).toBeLessThan(all.length);
});

test('the order holds within a filter', async () => {
  const { samples } = await server.data(
    `{ samples(first: 100, filter: { strength: { min: 1.5 } }, orderBy: { field: STRENGTH, direction: ASC }) { edges { node { strength } } } }`,
  );
  const strengths = samples.edges.map(({ node }: Json) => node.strength);
  expect(strengths).toEqual(all.map(({ strength }) => strength).filter((one: number) => one >= 1.5).sort()); // prettier-ignore
});

test('a cursor of another order is refused', async () => {
  const page = 'samples(first: 1, orderBy: { field: STRENGTH })';
  const { samples } = await server.data(`{ ${page} { pageInfo { endCursor } } }`);
  const after = JSON.stringify(samples.pageInfo.endCursor);
  for (const order of ['', ', orderBy: { field: CREATED_AT }', ', orderBy: { field: SEAM }']) {
    const error = await server.error(`{ samples(after: ${after}${order}) { edges { cursor } } }`);
    expect([error.extensions.code, error.message]).toEqual([
      'BAD_USER_INPUT',
      expect.stringContaining('is not a cursor'),
    ]);
  }
});

const statistics = async (fields: string, filter = ''): Promise<Json> =>
  (await server.data(`{ sampleStatistics${filter} { ${fields} } }`)).sampleStatistics;

test('samples are counted by their reviews, also within a filter', async () => {
  await server.data(
    `mutation { reviewSamples(input: { reviews: [{ sampleId: "${all[0].id}", version: 0, state: ACCEPTED }] }) { samples { id } } }`,
  );
  const fields = 'count complete reviews { unreviewed accepted rejected }';
  expect(await statistics(fields)).toEqual({
    count: all.length,
    complete: true,
    reviews: { unreviewed: all.length - 1, accepted: 1, rejected: 0 },
  });
  expect((await statistics(fields, '(filter: { review: REJECTED })')).count).toBe(0);
  expect((await statistics(fields, '(filter: { generationId: "x" })')).count).toBe(0);
});

test('a histogram has each sample in the bin of its value', async () => {
  const bins = 5;
  const { histograms } = await statistics(
    `histograms(bins: ${String(bins)}) { measure minimum maximum counts missing }`,
  );
  expect(histograms.map(({ measure }: Json) => measure)).toEqual(MEASURES);
  for (const { measure, minimum, maximum, counts, missing } of histograms) {
    const values = all.map((sample) => valueOf(sample, measure)).filter((value) => value !== null);
    expect(missing).toBe(all.length - values.length);
    if (values.length === 0) {
      expect([minimum, maximum, counts]).toEqual([null, null, []]);
      continue;
    }
    expect([measure, minimum, maximum]).toEqual([measure, Math.min(...values), Math.max(...values)]);
    const expected = new Array<number>(bins).fill(0);
    for (const value of values) {
      const bin =
        maximum > minimum ? Math.min(bins - 1, Math.floor(((value - minimum) / (maximum - minimum)) * bins)) : 0;
      expected[bin] = (expected[bin] ?? 0) + 1;
    }
    expect([measure, counts]).toEqual([measure, expected]);
  }
});

test('of no samples, histograms are empty; a measure given twice and too many bins are refused', async () => {
  const empty = await statistics(
    'histograms(measures: [SEAM]) { minimum maximum counts missing }',
    '(filter: { tag: "x" })',
  );
  expect(empty.histograms).toEqual([{ minimum: null, maximum: null, counts: [], missing: 0 }]);
  const refused = async (args: string): Promise<string> =>
    (await server.error(`{ sampleStatistics { histograms(${args}) { measure } } }`)).message;
  expect(await refused('measures: [SEAM, SEAM]')).toMatch(/^measures\[1\]: SEAM is given twice/);
  expect(await refused('bins: 101')).toMatch(/^bins: 101 is out of range 1 … 100/);
});
