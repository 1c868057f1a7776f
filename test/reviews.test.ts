/** Reviews of samples by several people at once: nothing is lost, and everybody sees the others' work. */
import type { Browser } from './support/console.js';
import { signIn } from './support/console.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { QUICK, finished, generate, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { createKey } from './support/tenancy.js';
import { until } from './support/until.js';
import { entriesIn } from './support/zip.js';

const REVIEW = `mutation ($reviews: [SampleReviewInput!]!) { reviewSamples(input: { reviews: $reviews }) {
  samples { id review { state tags comment version reviewedBy } }
  conflicts { id review { state tags comment version reviewedBy } }
} }`;
const NEVER = { state: 'UNREVIEWED', tags: [], comment: '', version: 0, reviewedBy: null, reviewedAt: null };

let server: Server;
let first: Browser;
let second: Browser;
let ids: string[];
const subjects: string[] = [];
beforeAll(async () => {
  server = await startServer();
  const made = await finished(server, (await generate(server, { ...QUICK, count: 4 })).id);
  ids = samplesIn(made).map(({ id }) => id as string);
  [first, second] = await Promise.all([reviewer('one'), reviewer('two')]);
});

async function reviewer(name: string): Promise<Browser> {
  const { secret, apiKey } = await createKey(server, { name, role: 'OPERATOR' });
  subjects.push(`key:${apiKey.id as string}`);
  return signIn(server, secret);
}

async function review(browser: Browser, ...reviews: object[]): Promise<Json> {
  const { data, errors } = await browser.ask(REVIEW, { reviews });
  if (errors !== undefined) throw new Error(errors[0]?.message);
  return data.reviewSamples;
}

async function refusalOf(browser: Browser, ...reviews: object[]): Promise<unknown[]> {
  const { errors } = await browser.ask(REVIEW, { reviews });
  return [errors?.[0]?.extensions.code, errors?.[0]?.message];
}

const matching = async (filter: string): Promise<string[]> =>
  (await server.data(`{ samples(filter: { ${filter} }) { edges { node { id } } } }`)).samples.edges.map(
    ({ node }: Json) => node.id as string,
  );

test('a sample begins unreviewed, and many are reviewed at once', async () => {
  const [a, b] = ids;
  const query = 'query ($id: ID!) { sample(id: $id) { review { state tags comment version reviewedBy reviewedAt } } }';
  expect((await server.data(query, { id: a })).sample.review).toEqual(NEVER);
  const tags = [' edge ', 'dark', 'edge'];
  const { samples, conflicts } = await review(
    first,
    { sampleId: a, version: 0, state: 'ACCEPTED', tags, comment: 'as on line 4\n' },
    { sampleId: b, version: 0, state: 'REJECTED' },
  );
  expect(conflicts).toEqual([]);
  expect(samples).toMatchObject([
    { id: a, review: { state: 'ACCEPTED', tags: ['edge', 'dark'], comment: 'as on line 4', version: 1 } },
    { id: b, review: { state: 'REJECTED', tags: [], version: 1 } },
  ]);
  expect(subjects).toContain(samples[0].review.reviewedBy);
});

test('of two who review the same sample, the second sees the review of the first, which stays', async () => {
  const sampleId = ids[2];
  const accepted = await review(first, { sampleId, version: 0, state: 'ACCEPTED' });
  const late = await review(second, { sampleId, version: 0, state: 'REJECTED', comment: 'blurred' });
  expect(late).toEqual({ samples: [], conflicts: accepted.samples });
  const informed = await review(second, { sampleId, version: 1, state: 'REJECTED', comment: 'blurred' });
  expect(informed.samples[0].review).toMatchObject({ state: 'REJECTED', comment: 'blurred', version: 2 });
});

test('a review that is sent again after a lost answer changes nothing, and is no conflict', async () => {
  const sampleId = ids[2];
  const again = await review(second, { sampleId, version: 1, state: 'REJECTED', comment: 'blurred' });
  expect(again).toMatchObject({ samples: [{ review: { version: 2 } }], conflicts: [] });
});

test('giving the former values undoes a review', async () => {
  const sampleId = ids[2];
  const undone = await review(second, { sampleId, version: 2, state: 'UNREVIEWED', tags: [], comment: '' });
  expect(undone.samples[0].review).toMatchObject({ state: 'UNREVIEWED', comment: '', version: 3 });
});

test('lists and exports can be filtered by review, and exports carry it', async () => {
  expect(await matching('review: ACCEPTED')).toEqual([ids[0]]);
  expect(await matching('review: [UNREVIEWED, REJECTED]')).toEqual(ids.slice(1));
  expect(await matching('tag: "dark"')).toEqual([ids[0]]);
  const filter = { review: ['ACCEPTED'], areaFraction: { min: 0 } };
  const { archive } = await exportEnded(server, (await exportDataset(server, { format: 'COCO', filter })).id);
  const entries = entriesIn(Buffer.from(await (await fetch(archive.url)).arrayBuffer()));
  const sidecar = JSON.parse(String(entries.find(({ name }) => name === 'sidecar/samples.json')?.content)) as Json;
  expect(sidecar.samples.map((sample: Json) => sample.review)).toEqual([
    { state: 'ACCEPTED', tags: ['edge', 'dark'], comment: 'as on line 4' },
  ]);
});

test("a reviewer sees the others' reviews as they are made", async () => {
  const query = 'subscription ($since: DateTime) { sampleReviews(since: $since) { id review { state version } } }';
  const seen: Json[] = [];
  const since = new Date(Date.now() + 1).toISOString();
  const following = (async () => {
    for await (const { data } of second.subscribe(query, { since })) seen.push(data.sampleReviews);
  })().catch(() => undefined);
  await review(first, { sampleId: ids[3], version: 0, state: 'ACCEPTED' });
  await until(() => Promise.resolve(seen.length > 0));
  expect(seen).toEqual([{ id: ids[3], review: { state: 'ACCEPTED', version: 1 } }]);
  await second.fetch('/session', { method: 'DELETE' });
  await following;
});

test.each<[string, (id: string) => object[], string, RegExp]>([
  [
    'an unknown sample',
    () => [{ sampleId: 'x', version: 0 }],
    'NOT_FOUND',
    /^input\.reviews\[0\]\.sampleId: there is no/,
  ],
  ['a sample twice', (id) => [one(id), one(id)], 'BAD_USER_INPUT', /^input\.reviews\[1\]\.sampleId: .* is given twice/],
  [
    'a long tag',
    (id) => [{ ...one(id), tags: ['x'.repeat(51)] }],
    'BAD_USER_INPUT',
    /^input\.reviews\[0\]\.tags: .* has 51 characters, more than 50/,
  ],
  [
    'a long comment',
    (id) => [{ ...one(id), comment: 'x'.repeat(2001) }],
    'BAD_USER_INPUT',
    /^input\.reviews\[0\]\.comment: has 2001 characters, more than 2000/,
  ],
])('%s is refused', async (_, reviews, code, message) => {
  expect(await refusalOf(first, ...reviews(ids[0] ?? ''))).toEqual([code, expect.stringMatching(message)]);
});

function one(sampleId: string): object {
  return { sampleId, version: 1, state: 'REJECTED' };
}
