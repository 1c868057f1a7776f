/** Previews of a sample while it is drawn: only for who asked, and only until the generation has ended. */
import sharp from 'sharp';
import { fetchGeneration, generate, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

const REQUEST = { partNumber: 'TILE', defectCode: 'CRACK', seed: 7, steps: 900 };
const EVENTS = `subscription ($id: ID!) { generationEvents(id: $id) {
  __typename ... on GenerationProgressed { previews { index image } } } }`;
const DATA_URL = 'data:image/webp;base64,';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

async function previewsOf(id: string): Promise<Json[]> {
  const previews: Json[] = [];
  for await (const { data } of server.subscribe(EVENTS, { id }))
    previews.push(...(data.generationEvents.previews ?? []));
  return previews;
}

test('previews come with the progress, do not change the sample, and are deleted at its end', async () => {
  const { id } = await generate(server, { ...REQUEST, previews: true });
  const previews = await previewsOf(id as string);
  expect(previews.length).toBeGreaterThan(0);
  for (const { index, image } of previews) {
    expect(index).toBe(0);
    expect(image).toMatch(new RegExp(`^${DATA_URL}`));
    const file = Buffer.from((image as string).slice(DATA_URL.length), 'base64');
    expect(await sharp(file).metadata()).toMatchObject({ format: 'webp', width: 32, height: 32 });
  }
  expect(await previewsOf(id as string)).toEqual([]);

  const { generation } = await server.data('query ($id: ID!) { generation(id: $id) { request { previews input } } }', {
    id,
  });
  expect(generation.request).toMatchObject({ previews: true, input: { previews: true } });
  const without = await generate(server, REQUEST);
  expect(await previewsOf(without.id as string)).toEqual([]);
  const [one] = samplesIn(await fetchGeneration(server, id as string));
  const [other] = samplesIn(await fetchGeneration(server, without.id as string));
  expect(other.image.bytes).toBe(one.image.bytes);
  expect(other.boundingBoxes).toEqual(one.boundingBoxes);
});
