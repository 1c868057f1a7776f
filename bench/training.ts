/**
 * The way of a tenant from photographs to the first sample of its own product, through the API alone: uploads the cookies of examples/ as an
 * archive, trains for MINUTES, publishes the model, and draws with it. Keeps image grids and samples in FOLDER.
 *
 *   npm run bench:training                    (MINUTES=15 THREADS=0 FOLDER=/tmp/training)
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZipFile } from 'yazl';
import { saveResults } from './saveResults.ts';
import { startServer } from './server.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

const MINUTES = Number(process.env['MINUTES'] ?? 15);
const THREADS = process.env['THREADS'] ?? '0';
const FOLDER = process.env['FOLDER'] ?? '/tmp/training';
const DATA = 'examples/cookie/data';
const POLL_MS = 500;
const [partNumber, defectCode] = ['COOKIE', 'BROKEN'];

mkdirSync(FOLDER, { recursive: true });
const server = await startServer({
  env: { TRAINER_COMMAND: 'training/.venv/bin/defectdiffu-train', TRAINER_THREADS: THREADS },
});
const began = performance.now();
const seconds = (): number => Math.round((performance.now() - began) / 100) / 10;
const say = (what: string): void => console.log(`${seconds().toFixed(1).padStart(8)} s  ${what}`);

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
}

async function save(url: string, name: string): Promise<void> {
  writeFileSync(join(FOLDER, name), Buffer.from(await (await fetch(url)).arrayBuffer()));
}

const catalog = {
  products: [{ partNumber, name: 'cookie', promptName: 'cookie' }],
  defects: [{ code: defectCode, name: 'broken', promptName: 'broken' }],
};
await server.ask('mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { field } } }', {
  input: catalog,
});
const zip = new ZipFile();
zip.addFile(join(DATA, 'manifest.csv'), 'manifest.csv');
for (const name of readdirSync(join(DATA, 'cookie'), { recursive: true, encoding: 'utf8' }))
  if (/[.](jpg|png)$/.test(name)) zip.addFile(join(DATA, 'cookie', name), `cookie/${name}`);
zip.end();
const archive = await buffer(zip.outputStream);
const { createUpload } = await server.ask(
  'mutation { createUpload(input: { purpose: DATA_SET, name: "cookies" }) { url } }',
);
const answer = await fetch(createUpload.url, { method: 'PUT', body: archive });
const { dataSet, errors } = (await answer.json()) as Json;
if (errors !== undefined) throw new Error(JSON.stringify(errors));
const uploaded = seconds();
say(`${String(archive.byteLength >> 20)} MiB of photographs are a data set`);

const wish = {
  dataSetId: dataSet.id,
  name: 'cookies',
  version: '1.0.0',
  minutes: MINUTES,
  windows: [{ partNumber, window: 320, flips: 'BOTH', quarterTurns: true, zoom: 0.12 }],
};
const { startTraining } = await server.ask(
  'mutation ($input: [StartTrainingInput!]!) { startTraining(input: $input) { id base } }',
  { input: [wish] },
);
const [{ id, base }] = startTraining;
say(`training of ${base} started, ${String(MINUTES)} minutes`);

const fields = `status progress { phase done total secondsLeft figures { name value } } error { code message }
  verdict { pairs { product defect samples twins real concern } outOfTime { defect } } imageGrids { step image { url } }`;
let told = '';
const training = await until(async () => {
  const found = (await server.ask(`query ($id: ID!) { training(id: $id) { ${fields} } }`, { id })).training;
  const phase = found.progress?.phase ?? '';
  if (phase !== told) say(phase);
  told = phase;
  return ['SUCCEEDED', 'FAILED'].includes(found.status) ? found : undefined;
});
if (training.status !== 'SUCCEEDED') throw new Error(JSON.stringify(training.error));
const trained = seconds();
say(`trained: ${JSON.stringify(training.progress.figures)}; ${JSON.stringify(training.verdict)}`);
for (const { step, image } of training.imageGrids) await save(image.url, `grid-${String(step)}.png`);

await server.ask('mutation ($id: ID!) { publishTraining(id: $id) { model { id } } }', { id });
const drawing = { partNumber, defectCode, model: 'cookies', count: 4, seed: 1, strength: { value: 1.5 } };
const generated = await server.ask(
  'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }',
  { input: [drawing] },
);
const samplesOf = async (): Promise<Json[]> => {
  const query = 'query ($id: ID!) { generation(id: $id) { samples { edges { node { image { url } } } } } }';
  const { generation } = await server.ask(query, { id: generated.generateDefects[0].id });
  return generation.samples.edges;
};
await until(async () => ((await samplesOf()).length > 0 ? true : undefined));
const first = seconds();
say('the first sample of its own model is ready');
const samples = await until(async () => {
  const found = await samplesOf();
  return found.length === drawing.count ? found : undefined;
});
for (const [i, { node }] of samples.entries()) await save(node.image.url, `sample-${String(i)}.png`);
const [verdict] = training.verdict.pairs;
const figures = {
  minutes: MINUTES,
  uploadedSeconds: uploaded,
  trainedSeconds: trained,
  firstSampleSeconds: first,
  imageGrids: training.imageGrids.length,
  steps: training.imageGrids[0]?.step,
  verdict,
};
saveResults('training', figures, {
  'first own sample': `${first.toFixed(0)} s, of which ${String(60 * MINUTES)} train`,
});
await server.stop();
