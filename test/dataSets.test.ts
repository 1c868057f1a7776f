/** A tenant's data sets: versions that never change, of photographs and samples, divided by source. */
import { createDataSet, membersOf, refusedDataSet, sendDefective, sendGood, testedIn } from './support/dataSets.js';
import { finished, generate, samplesIn } from './support/generations.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
let good: string[];
let cracked: string[];
beforeAll(async () => {
  server = await startServer({ MAX_DATA_SET_MEMBERS: '30' });
  good = [];
  cracked = [];
  for (let seed = 0; seed < 6; seed++) good.push(await sendGood(server, seed));
  for (let seed = 10; seed < 14; seed++) cracked.push(await sendDefective(server, seed));
});

const review = (id: string, state: string, version = 0) =>
  server.data(
    `mutation { reviewSamples(input: { reviews: [{ sampleId: "${id}", version: ${String(version)}, state: ${state} }] }) { samples { id } } }`,
  );
const deletion = 'mutation ($ids: [ID!]!) { deleteSamples(ids: $ids) { deletedIds } }';
const dropDataSet = 'mutation ($id: ID!) { deleteDataSet(id: $id) { id deletedAt counts { train } } }';

test('is the photographs that are named, each with its product, defect, and split', async () => {
  const referenceIds = [...good, ...cracked];
  const made = await createDataSet(server, { name: ' tiles ', referenceIds });
  expect(made).toMatchObject({ name: 'tiles', version: 1, testShare: 0.3, splitSeed: 0, deletedAt: null });
  expect(made.createdBy).toMatch(/^key:/);
  expect(made.counts).toEqual({
    goodPhotographs: 6,
    defectivePhotographs: 4,
    samples: 0,
    train: 7,
    test: 3,
    withFindings: 10,
  });
  expect(made.members.totalCount).toBe(10);
  const members = membersOf(made);
  expect(members.map(({ position }) => position)).toEqual([...Array(10).keys()]);
  expect(members.map(({ reference }) => reference.id).sort()).toEqual([...referenceIds].sort());
  for (const { reference, product, defect, sample } of members) {
    expect([product.partNumber, sample]).toEqual(['TILE', null]);
    expect(defect).toEqual(cracked.includes(reference.id as string) ? { code: 'CRACK' } : null);
  }
  expect(made.findings).toEqual([
    { kind: 'FEW_PHOTOGRAPHS', message: 'tile/good: 4 photograph(s) to learn from, should be at least 20' },
    { kind: 'FEW_PHOTOGRAPHS', message: 'tile/crack: 3 photograph(s) to learn from, should be at least 10' },
  ]);
  expect(members[0]?.findings).toEqual([
    { kind: 'SMALLER_THAN_WINDOW', message: 'is smaller than the window, 128 pixels' },
  ]);
});

test('a photograph that is good and defective at once is told, and named by its defects', async () => {
  const both = [
    await sendDefective(server, 20),
    await sendDefective(server, 20, 'SCRATCH'),
    await sendGood(server, 20),
  ];
  const { findings } = await createDataSet(server, { name: 'both', referenceIds: [...both, ...good, ...cracked] });
  expect(findings[0]).toEqual({
    kind: 'GOOD_AND_DEFECTIVE',
    message:
      'tile: 1 photograph(s) are listed as good and, with the same pixels, as crack, scratch: a model cannot learn both, leave one of them out',
  });
  for (const id of both) await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id });
});

test('the same request has the same answer, though its product has too many photographs by now', async () => {
  const input = { name: 'grown', partNumbers: ['METAL_NUT'], idempotencyKey: 'grown' };
  await sendGood(server, 0, 'METAL_NUT');
  const first = await createDataSet(server, input);
  for (let seed = 1; seed <= 30; seed++) await sendGood(server, seed, 'METAL_NUT');
  expect(await createDataSet(server, input)).toEqual(first);
  expect((await refusedDataSet(server, { partNumbers: ['METAL_NUT'] })).message).toContain('more than 30 photographs');
});

test('a name has versions; an earlier one stays as it is, and a key is for one', async () => {
  const first = await createDataSet(server, { name: 'versions', referenceIds: good, idempotencyKey: 'once' });
  const again = await createDataSet(server, { name: 'versions', referenceIds: good, idempotencyKey: 'once' });
  expect(again).toEqual(first);
  const conflict = await refusedDataSet(server, { referenceIds: good, idempotencyKey: 'once' });
  expect(conflict.extensions).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', dataSetId: first.id });
  expect(conflict.message).toContain(`was used for data set ${first.id as string} with other input`);
  const second = await createDataSet(server, { name: 'versions', partNumbers: ['TILE'], referenceIds: [good[0]] });
  expect([first.version, second.version]).toEqual([1, 2]);
  expect(second.counts).toMatchObject({ goodPhotographs: 6, defectivePhotographs: 4 });
  const list = `{ dataSets(first: 1, filter: { name: "versions" }) { totalCount edges { node { version } } pageInfo { endCursor hasNextPage } } }`;
  const { dataSets } = await server.data(list);
  expect(dataSets).toMatchObject({ totalCount: 2, edges: [{ node: { version: 2 } }], pageInfo: { hasNextPage: true } });
  const query = `query ($id: ID!) { dataSet(id: $id) { version } node(id: $id) { __typename ... on DataSet { name } } }`;
  expect(await server.data(query, { id: first.id })).toEqual({
    dataSet: { version: 1 },
    node: { __typename: 'DataSet', name: 'versions' },
  });
});

test('the members can be listed by their split and by whether something is said of them', async () => {
  const { id } = await createDataSet(server, { name: 'filtered', referenceIds: good });
  const count = async (filter: string): Promise<number> => {
    const query = `query ($id: ID!) { dataSet(id: $id) { members(filter: ${filter}) { totalCount edges { node { split } } } } }`;
    const { members } = (await server.data(query, { id })).dataSet;
    expect(members.edges).toHaveLength(members.totalCount as number);
    return members.totalCount;
  };
  expect(await count('{ split: TEST }')).toBe(2);
  expect(await count('{ split: TRAIN }')).toBe(4);
  expect(await count('{ hasFindings: true, split: TRAIN }')).toBe(4);
  expect(await count('{ hasFindings: false }')).toBe(0);
});

describe('of one photograph with two defects', () => {
  let both: string[];
  beforeAll(async () => {
    both = [await sendDefective(server, 10, 'SCRATCH', 30), await sendGood(server, 10)];
  });

  test('all members are on the same side, whatever the seed', async () => {
    for (let splitSeed = 0; splitSeed < 8; splitSeed++) {
      const made = await createDataSet(server, {
        name: 'apart',
        referenceIds: [...good, ...cracked, ...both],
        splitSeed,
      });
      const tested = testedIn(made);
      const same = [cracked[0] as string, ...both].map((id) => tested.includes(id));
      expect(new Set(same).size).toBe(1);
    }
  });

  test('a list of photographs for testing may not divide them', async () => {
    const referenceIds = [...good, ...cracked, ...both];
    const listed = [cracked[0], both[0]];
    const { message, extensions } = await refusedDataSet(server, { referenceIds, testReferenceIds: listed });
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.testReferenceIds[0]' });
    expect(message).toContain(`has the pixels of "${both[1] ?? ''}", which is not listed`);
    const made = await createDataSet(server, { name: 'listed', referenceIds, testReferenceIds: [...listed, both[1]] });
    expect(testedIn(made).sort()).toEqual([...listed, both[1]].sort());
    expect([made.testShare, made.splitSeed]).toEqual([null, null]);
  });
});

describe('with samples', () => {
  let drawn: string[];
  beforeAll(async () => {
    const shown = { reference: { id: good[0] }, defectReference: { id: cracked[0] } };
    const wish = { partNumber: 'TILE', defectCode: 'CRACK', count: 4, ...shown };
    drawn = samplesIn(await finished(server, (await generate(server, wish)).id)).map(({ id }) => id as string);
    await review(drawn[0] ?? '', 'ACCEPTED');
    await review(drawn[1] ?? '', 'REJECTED');
  });

  test('has the accepted ones, and those that are named; they are for learning, and so is what they show', async () => {
    const input = {
      referenceIds: good,
      sampleIds: [drawn[2]],
      acceptedSamples: { partNumber: 'TILE' },
      testShare: 0.9,
    };
    for (let splitSeed = 0; splitSeed < 4; splitSeed++) {
      const made = await createDataSet(server, { name: 'with samples', ...input, splitSeed });
      const members = membersOf(made);
      const found = members.filter(({ sample }) => sample !== null);
      expect(found.map(({ sample }) => sample.id).sort()).toEqual([drawn[0], drawn[2]].sort());
      expect(found.map(({ split, defect }) => [split, defect.code])).toEqual(Array(2).fill(['TRAIN', 'CRACK']));
      expect(testedIn(made)).toHaveLength(5);
      expect(testedIn(made)).not.toContain(good[0]);
    }
    const nothing = await refusedDataSet(server, { acceptedSamples: { review: ['REJECTED'] } });
    expect(nothing.message).toBe('input: names no photograph and no sample, so that the data set would be empty');
    const { message } = await refusedDataSet(server, { ...input, testShare: null, testReferenceIds: [good[0]] });
    expect(message).toContain('input.testReferenceIds[0]: is shown by a sample of the data set');
  });

  test('keeps them until it is deleted, and then is not listed', async () => {
    const { id } = await createDataSet(server, { name: 'kept', sampleIds: [drawn[3]] });
    const { message, extensions } = await server.error(deletion, { ids: [drawn[3]] });
    expect(extensions).toEqual({ code: 'SAMPLE_IN_USE', field: 'ids[0]', dataSetId: id });
    expect(message).toContain(`the data set "${id as string}" contains it; delete that first`);
    const { deleteDataSet } = await server.data(dropDataSet, { id });
    expect(deleteDataSet).toMatchObject({ id, counts: { train: 0 } });
    expect((await server.data(dropDataSet, { id })).deleteDataSet).toEqual(deleteDataSet);
    const { dataSets } = await server.data('{ dataSets(filter: { name: "kept" }) { edges { node { id } } } }');
    expect(dataSets.edges).toEqual([]);
    expect((await server.data(deletion, { ids: [drawn[3]] })).deleteSamples.deletedIds).toEqual([drawn[3]]);
    // The number of a deleted version is not given again.
    const next = await createDataSet(server, { name: 'kept', referenceIds: good });
    expect(next.version).toBe(2);
  });
});

describe('is refused', () => {
  const NOBODYS = '00000000-0000-7000-8000-000000000000';

  test.each([
    ['an empty name', { name: ' ' }, 'input.name: must have 1 to 200 characters, not 0'],
    ['nothing', {}, 'input: names no photograph and no sample, so that the data set would be empty'],
    ['an unknown photograph', { referenceIds: [NOBODYS] }, `input.referenceIds[0]: there is no reference "${NOBODYS}"`],
    ['what is no id', { sampleIds: ['x'] }, 'input.sampleIds[0]: there is no sample "x"'],
    ['an unknown product', { partNumbers: ['NONE'] }, 'input.partNumbers[0]: there is no product "NONE"'],
    ['a share of 1', { testShare: 1 }, 'input.testShare: 1 is out of range 0 … 0.9'],
    ['a negative seed', { splitSeed: -1 }, 'input.splitSeed: -1 is out of range 0 … 2147483647'],
    ['a share beside a list', { testShare: 0.3, testReferenceIds: [] }, 'input.testShare: chooses by chance'],
    ['too many', { referenceIds: Array(31).fill('x') }, 'input.referenceIds: must have 0 … 30 ids, has 31'],
  ])('%s', async (_, input, message) => {
    expect((await refusedDataSet(server, input)).message).toContain(message);
  });

  test('a photograph that is named twice, one that is archived, and one for testing that is not in it', async () => {
    const twice = await refusedDataSet(server, { referenceIds: [good[0], good[0]?.toUpperCase()] });
    expect(twice.message).toContain('input.referenceIds[1]: ');
    const archived = await sendGood(server, 99);
    await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id: archived });
    const { message } = await refusedDataSet(server, { referenceIds: [archived] });
    expect(message).toBe('input.referenceIds[0]: is archived; upload the image again to restore it');
    const other = await refusedDataSet(server, { referenceIds: good, testReferenceIds: [archived] });
    expect(other).toMatchObject({ extensions: { code: 'NOT_FOUND', field: 'input.testReferenceIds[0]' } });
  });

  test('one that does not exist cannot be deleted', async () => {
    expect((await server.error(dropDataSet, { id: NOBODYS })).extensions.code).toBe('NOT_FOUND');
  });
});

test('a tenant has as many versions as it may, and makes room by deleting one', async () => {
  const small = await startServer({ MAX_DATA_SETS_PER_TENANT: '2' });
  const referenceIds = [await sendGood(small, 1)];
  const first = await createDataSet(small, { name: 'a', referenceIds });
  await createDataSet(small, { name: 'a', referenceIds });
  const { message, extensions } = await refusedDataSet(small, { referenceIds });
  expect(extensions).toEqual({ code: 'TOO_MANY_DATA_SETS', field: 'input', limit: 2 });
  expect(message).toContain('the tenant has 2 versions of data sets, and 2 are allowed');
  await small.data(dropDataSet, { id: first.id });
  expect((await createDataSet(small, { name: 'a', referenceIds })).version).toBe(3);
  const { limits } = (await small.data('{ serverInfo { limits { dataSetsPerTenant membersPerDataSet } } }')).serverInfo;
  expect(limits).toEqual({ dataSetsPerTenant: 2, membersPerDataSet: 5000 });
});
