/** `GenerationRequest.input` sent again gives the same images, in every way of drawing. */
import { createHash } from 'node:crypto';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { donorOf } from './support/donors.js';
import { GENERATE, drawnAt, eventsOf } from './support/generations.js';
import {
  POLYGON,
  WISH,
  drawn,
  fabric,
  maskOf,
  reference,
  server,
  spotless,
  startPhotographStage,
} from './support/photographStage.js';
import { newFolder } from './support/server.js';
import type { Json } from './support/server.js';
import { send } from './support/uploads.js';

/** The default bundle, and an adapter with a product of its own. */
function modelsWithAdapter(): string {
  const models = newFolder();
  cpSync(join('test', 'inference', 'adapters', 'wool'), join(models, 'wool'), { recursive: true });
  symlinkSync(join(process.cwd(), 'models', 'surfaces-small'), join(models, 'surfaces-small'));
  return models;
}

const IMPORT = 'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { created } } }';
const ANSWER = `query ($id: ID!) { generation(id: $id) {
  status createdBy
  request {
    input partNumber defectCode maskConvention reference { ids sampleId twin } defectReference { ids }
    region { place maskId polygons { x y } } allowedArea { maskId polygons { x y } }
  }
  samples(first: 100) { edges { node { seed strength image { url } mask { url } } } }
} }`;

let inputs: Record<string, object>;
let photographs: string[];
beforeAll(async () => {
  await startPhotographStage(modelsWithAdapter());
  const products = [{ partNumber: 'WOOL', name: 'wool' }, { partNumber: 'NEW', name: 'a new part' }]; // prettier-ignore
  await server.data(IMPORT, { input: { products } });
  const second = await send(server, await spotless(), { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  photographs = [reference.id, second.id];
  const unknown = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'NEW' });
  const donor = await donorOf('FABRIC', 'STAIN');
  const mask = await maskOf(256, 256, (x, y) => x > 60 && x < 190 && y > 70 && y < 200);
  const { samples } = await drawn({ steps: 4 });
  const on = { reference: { id: reference.id } };
  const few = { steps: 4, quality: { minimumVisibility: 0, minimumAgreement: 0, maximumDraws: 2 } };
  inputs = {
    'from noise, a range of strengths': { ...WISH, steps: 4, count: 2, strength: { min: 1, max: 3 } },
    'from noise, with a policy': { ...WISH, steps: 4, quality: { minimumConfidence: 0.01, maximumDraws: 2 } },
    'with a twin': { ...WISH, ...few, twin: true, sampler: 'DDIM', guidance: 'DOUBLE_FREE' },
    'on its own twin': { ...WISH, ...few, reference: { twin: true }, denoisingStrength: 0.5 },
    'a sweep on photographs': {
      ...WISH,
      steps: 4,
      count: 2,
      strength: { sweep: [1, 2] },
      reference: { anyOfProduct: true },
    },
    'in polygons': { ...WISH, ...few, ...on, region: POLYGON, maskConvention: 'OUTLINE' },
    'in a mask': { ...WISH, ...few, ...on, region: { maskId: mask.id }, maskMode: 'AVERAGE_PIXELS' },
    'in an allowed area': { ...WISH, ...few, ...on, allowedArea: { maskId: mask.id } },
    'where the model chooses': { ...WISH, ...few, ...on, region: { place: 'CHOSEN' }, productScale: 1.5 },
    'on another sample': { ...WISH, ...few, reference: { sampleId: samples[0].id } },
    'by an adapter': { ...WISH, steps: 4, partNumber: 'WOOL', defectCode: 'HOLE', model: 'wool' },
    transplanted: { ...WISH, steps: undefined, ...on, defectReference: { anyOfPair: true } },
    'patches of good parts': { ...WISH, steps: undefined, ...on, defectReference: { cutPaste: { window: 96 } } },
    'transplanted, harmonized': {
      ...WISH,
      ...on,
      defectReference: { id: donor.id },
      harmonize: 0.4,
      variation: { place: 'ANYWHERE', mirrors: true },
    },
    'transplanted from another product': {
      ...WISH,
      steps: undefined,
      partNumber: 'NEW',
      reference: { id: unknown.id },
      defectReference: { ofOtherProducts: true },
      quality: { minimumVisibility: 1, maximumDraws: 2 },
      allowedArea: POLYGON,
    },
  };
});

/** In one list, so that the samples of all of them share batches. */
async function drawAll(input: readonly object[]): Promise<Json[]> {
  const { generateDefects } = await server.data(GENERATE, { input });
  const found: Json[] = [];
  for (const { id } of generateDefects) {
    await eventsOf(server, id);
    const { generation } = await server.data(ANSWER, { id });
    expect(generation.status).toBe('SUCCEEDED');
    const hashOf = async (url: string) => createHash('sha256').update(await drawnAt(url)).digest('hex'); // prettier-ignore
    const nodes: Json[] = generation.samples.edges.map(({ node }: Json) => node);
    const samples = nodes.map(async ({ seed, strength, image, mask }) => [
      seed,
      strength,
      await hashOf(image.url),
      await hashOf(mask.url),
    ]);
    found.push({ ...generation, samples: await Promise.all(samples) });
  }
  return found;
}

test('a request that is sent again as it is told gives the same images, whatever was asked', async () => {
  const names = Object.keys(inputs);
  const first = await drawAll(Object.values(inputs));
  // More photographs, which anyOfProduct would take now.
  await send(server, await spotless(9), { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  await donorOf('FABRIC', 'STAIN', { x: 60, y: 60, radius: 9 });
  const again = await drawAll(first.map(({ request }) => request.input));
  for (const [i, name] of names.entries()) {
    expect([name, again[i].samples]).toEqual([name, first[i].samples]);
    expect([name, again[i].request]).toEqual([name, first[i].request]);
  }
  const of = (name: string): Json => first[names.indexOf(name)];
  expect(of('a sweep on photographs').request.reference.ids.sort()).toEqual([...photographs].sort());
  expect(of('a sweep on photographs').samples).toHaveLength(4);
  expect(of('in polygons').request).toMatchObject({ region: { ...POLYGON, place: null }, maskConvention: 'OUTLINE' });
  expect(of('transplanted').request).toMatchObject({ region: null, defectReference: { ids: [expect.any(String)] } });
  expect(of('by an adapter').request.input).toMatchObject({ model: 'wool@1.0.0', partNumber: 'WOOL' });
  const { caller } = await server.data('{ caller { subject } }');
  expect(of('with a twin').createdBy).toBe(caller.subject);
});
