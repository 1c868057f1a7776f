/**
 * How long one sample alone takes through GraphQL, from the request to the URL of its picture, over one WebSocket: with the
 * student in 4 steps and with all steps of the model, from noise and on a 512 px photograph. int8 graphs, PGlite. Goals:
 * 150 ms from noise and 250 ms on a photograph, with the student.
 *
 *   npm run bench:alone            (ROUNDS=20)
 */
import { createClient } from 'graphql-ws';
import sharp from 'sharp';
import { WebSocket } from 'ws';
import { saveResults } from './saveResults.ts';
import { GENERATE, KEY, startServer } from './server.ts';
import { formatSpread, median, ratios, spread } from './statistics.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 20);
const PHOTOGRAPH_PX = 512;
const PAIR = { partNumber: 'FABRIC', defectCode: 'STAIN', count: 1 } as const;
const REGION = [
  { x: 250, y: 170 },
  { x: 340, y: 175 },
  { x: 345, y: 265 },
  { x: 255, y: 260 },
];
const FIRST_PICTURE =
  'subscription ($id: ID!) { generationEvents(id: $id, after: 0) { ... on SampleReady { sample { image { url } } } } }';

const server = await startServer({ env: { PRECISION: 'int8', MODELS_DIR: 'models' } });
const client = createClient({
  url: server.url.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${KEY}` },
});

async function uploadPhotograph(): Promise<string> {
  const input = { purpose: 'REFERENCE', partNumber: PAIR.partNumber };
  const mutation = 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id url } }';
  const { createUpload } = await server.ask(mutation, { input });
  const file = await sharp('test/photographs/fabric.png').resize(PHOTOGRAPH_PX, PHOTOGRAPH_PX).png().toBuffer();
  const { status } = await fetch(createUpload.url as string, { method: 'PUT', body: file });
  if (status !== 201) throw new Error(`the photograph was refused with ${String(status)}`);
  const { upload } = await server.ask(`{ upload(id: "${createUpload.id as string}") { reference { id } } }`);
  return upload.reference.id as string;
}

/** Milliseconds until the picture has a URL. */
async function draw(input: object, seed: number): Promise<number> {
  const began = performance.now();
  const { generateDefects } = await server.ask(GENERATE, { input: [{ ...PAIR, seed, ...input }] });
  const variables = { id: generateDefects[0].id as string };
  for await (const { data } of client.iterate<{ generationEvents: { sample?: object } }>({
    query: FIRST_PICTURE,
    variables,
  }))
    if (data?.generationEvents.sample !== undefined) return performance.now() - began;
  throw new Error('the generation ended without a sample');
}

try {
  const onPhotograph = { reference: { id: await uploadPhotograph() }, region: { polygons: [REGION] } };
  const student = { sampler: 'TURBO', steps: 4 };
  const kinds = {
    'from noise, all steps': {},
    'from noise, 4 steps of the student': student,
    'on a photograph, all steps': onPhotograph,
    'on a photograph, 4 steps of the student': { ...student, ...onPhotograph },
  };
  const times = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
  // One round unmeasured: code that runs for the first time is compiled.
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, input] of Object.entries(kinds)) {
      const ms = await draw(input, round);
      if (round > 0) times.get(name)?.push(ms);
    }
  const base = times.get('from noise, all steps') ?? [];
  const headlines: Record<string, string> = {};
  for (const [name, each] of times) {
    headlines[name] =
      `${median(each).toFixed(0)} ms (least ${Math.min(...each).toFixed(0)}), ${formatSpread(ratios(each, base), 2)} of the first`;
    console.log(`${name}: ${headlines[name]}`);
  }
  const ms = Object.fromEntries([...times].map(([name, each]) => [name, spread(each)]));
  saveResults('alone', { rounds: ROUNDS, ms }, headlines);
} finally {
  await client.dispose();
  await server.stop();
}
