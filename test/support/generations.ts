/** What most tests do with a server: ask for generations, and see them through. */
import { unmarked } from './marks.js';
import type { Json, Server } from './server.js';

export const SAMPLE_FIELDS = `
  id index seed strength areaFraction createdAt
  boundingBoxes { x y width height }
  image { url contentType width height bytes expiresAt }
  mask { url contentType width height bytes }
  overlay { url contentType width height bytes }
`;

export const GENERATION_FIELDS = `
  id status coverage createdAt startedAt finishedAt
  product { partNumber } defect { code } error { code message }
  request { count model seed steps sampler guidance maskMode productScale priority idempotencyKey strength { min max } }
  progress { samplesDone samplesTotal stepsDone stepsTotal fraction }
  samples(first: 100) { edges { node { ${SAMPLE_FIELDS} } } }
`;

export const GENERATE = `mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { ${GENERATION_FIELDS} } }`;
export const CANCEL = `mutation ($id: ID!) { cancelGeneration(id: $id) { ${GENERATION_FIELDS} } }`;

export const EVENTS = `subscription ($id: ID!, $after: Int) {
  generationEvents(id: $id, after: $after) {
    type: __typename
    ... on GenerationQueued { seq at generation { id status } }
    ... on GenerationStarted { seq at generation { id status } }
    ... on GenerationProgressed { seq at progress { samplesDone samplesTotal stepsDone stepsTotal fraction } }
    ... on SampleReady { seq at sample { ${SAMPLE_FIELDS} } }
    ... on GenerationSucceeded { seq at generation { id status } }
    ... on GenerationFailed { seq at error { code message } generation { id status } }
    ... on GenerationCanceled { seq at generation { id status } }
  }
}`;

/** Few steps: what is drawn is not the matter of these tests. */
export const QUICK = { partNumber: 'TILE', defectCode: 'CRACK', steps: 2 };
/** Takes many seconds, for what must happen in the middle. */
export const SLOW = { partNumber: 'TILE', defectCode: 'CRACK', steps: 900, count: 60 };

export async function generate(server: Server, input: object, key?: string): Promise<Json> {
  const { generateDefects } = await server.data(GENERATE, { input: [input] }, key);
  return generateDefects[0];
}

export async function fetchGeneration(server: Server, id: string, key?: string): Promise<Json> {
  const { generation } = await server.data(
    `query ($id: ID!) { generation(id: $id) { ${GENERATION_FIELDS} } }`,
    { id },
    key,
  );
  return generation;
}

/** The events of a generation from `after` on, to its end or until `enough` says so. */
export async function eventsOf(
  server: Server,
  id: string,
  after = 0,
  enough: (event: Json) => boolean = () => false,
): Promise<Json[]> {
  const events: Json[] = [];
  for await (const { data, errors } of server.subscribe(EVENTS, { id, after })) {
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    events.push(data.generationEvents);
    if (enough(data.generationEvents)) break;
  }
  return events;
}

export async function finished(server: Server, id: string): Promise<Json> {
  await eventsOf(server, id);
  return fetchGeneration(server, id);
}

export function samplesIn(generation: Json): Json[] {
  return generation.samples.edges.map(({ node }: Json) => node);
}

export async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${String(response.status)}`);
  return Buffer.from(await response.arrayBuffer());
}

/** The bytes of a picture as they were drawn: without its mark, which names the sample. */
export async function drawnAt(url: string): Promise<Buffer> {
  return unmarked(await bytesAt(url));
}
