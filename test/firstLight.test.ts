/** The whole path on the model that is checked in: request, events over a WebSocket, image and mask over HTTP. */
import { join } from 'node:path';
import sharp from 'sharp';
import { bytesAt, eventsOf, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
let model: Json;

beforeAll(async () => {
  server = await startServer({ MODELS_DIR: join(process.cwd(), 'models') });
  const query = `{ models {
    id isDefault image { width height } license { id sources { product license } }
    vocabulary { products defects pairs { product defect coverage } } defaults { steps }
  } }`;
  const { models } = await server.data(query);
  model = models.find(({ isDefault }: Json) => isDefault);
});

const code = (word: string): string => word.toUpperCase().replaceAll(' ', '_');

test('the default model says what it is, what it knows, and whose data it saw', () => {
  expect(model.vocabulary.pairs).toHaveLength(model.vocabulary.products.length * model.vocabulary.defects.length);
  expect(model.vocabulary.pairs.some(({ coverage }: Json) => coverage === 'TRAINED')).toBe(true);
  for (const { license } of model.license.sources) expect(license).not.toBe('');
});

test.each(['TRAINED', 'ZERO_SHOT'])(
  'a %s pair is drawn: image and mask come as soon as they are ready',
  async (coverage) => {
    const pair = model.vocabulary.pairs.find((candidate: Json) => candidate.coverage === coverage);
    const wish = { partNumber: code(pair.product), defectCode: code(pair.defect), count: 2, steps: 4, seed: 1 };
    const accepted = await generate(server, wish);
    expect(accepted.coverage).toBe(coverage);
    const events = await eventsOf(server, accepted.id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.at(-1).type).toBe('GenerationSucceeded');
    const ready = events.filter(({ type }) => type === 'SampleReady');
    expect(ready).toHaveLength(2);
    for (const { sample } of ready) {
      const image = await sharp(await bytesAt(sample.image.url)).metadata();
      expect({ width: image.width, height: image.height }).toEqual(model.image);
      const mask = await sharp(await bytesAt(sample.mask.url)).metadata();
      expect({ width: mask.width, height: mask.height, channels: mask.channels }).toEqual({
        ...model.image,
        channels: 1,
      });
    }
  },
);
