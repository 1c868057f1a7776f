/** A server with the default bundle, two tenants, and a photograph of the fabric; and what the tests ask of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openStorage } from '../../src/storage/open.js';
import { newId } from '../../src/storage/identifiers.js';
import { defects, products } from '../../src/storage/tables.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { addKey, ensureTenant } from '../../src/tenants/provisioning.js';
import { GENERATE, bytesAt, eventsOf } from './generations.js';
import { databaseOf } from './database.js';
import type { ApiError, Json, Server } from './server.js';
import { newDataDirectory, startServer } from './server.js';
import { send } from './uploads.js';

export const fabric = readFileSync(new URL('../photographs/fabric.png', import.meta.url));
export const WISH = { partNumber: 'FABRIC', defectCode: 'STAIN', steps: 10, seed: 40 };
export const OTHER = 'the-key-of-another-tenant';
const FIELDS = `
  id status coverage rejectedSamples error { code message }
  request { count seed sweep denoisingStrength freedom twin onTwin guidance steps harmonize defectReference { ids sampleId } variation { place turn mirrors } quality { minimumVisibility minimumAgreement minimumConfidence maximumDraws maximumAttempts } }
  samples(first: 100) { edges { node {
    id index seed strength draws attempt areaFraction confidence boundingBoxes { x y width height }
    image { url width height } mask { url } region { url width height } ignoreMask { url } allowedArea { source share } twin { url } reference { id } base { id } defectReference { id } donorSample { id }
    transplant { harmonized notHarmonizedReason turn mirrored scale contrast surroundingsDifference }
    scores { visibility agreement seam filling direction }
  } } }
`;

export let server: Server;
export let reference: Json;

export async function startPhotographStage(models = join(process.cwd(), 'models')): Promise<void> {
  const dataDirectory = newDataDirectory();
  await addTenant(dataDirectory);
  server = await startServer({
    DATA_DIR: dataDirectory,
    MODELS_DIR: models,
    LOG_LEVEL: 'trace',
  });
  reference = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'FABRIC', name: 'line 2' });
}

/** With a product and a defect of the same codes. */
async function addTenant(dataDirectory: string): Promise<void> {
  const storage = await openStorage(await databaseOf(dataDirectory));
  const tenantId = await ensureTenant(storage.database, 'other');
  await addKey(storage.database, tenantId, OTHER, 'CONFIGURED');
  const { database, own } = forTenant(storage.database, tenantId);
  const row = { name: 'theirs', createdAt: new Date() };
  await database.insert(products).values(own({ ...row, id: newId(), partNumber: 'FABRIC', promptName: 'fabric' }));
  await database.insert(defects).values(own({ ...row, id: newId(), code: 'STAIN', promptName: 'stain' }));
  await storage.close();
}

/** The generation after it has finished. */
export async function drawn(wish: object): Promise<Json> {
  const { generateDefects } = await server.data(GENERATE, { input: [{ ...WISH, ...wish }] });
  const [{ id }] = generateDefects;
  await eventsOf(server, id);
  const { generation } = await server.data(`query ($id: ID!) { generation(id: $id) { ${FIELDS} } }`, { id });
  return { ...generation, samples: generation.samples.edges.map(({ node }: Json) => node) };
}

export const refused = (wish: object): Promise<ApiError> => server.error(GENERATE, { input: [{ ...WISH, ...wish }] });

/** Another photograph of the fabric: the same, brighter. */
export const spotless = (by = 5): Promise<Buffer> => sharp(fabric).linear(1, by).png().toBuffer();

export async function maskOf(width: number, height: number, inside: (x: number, y: number) => boolean): Promise<Json> {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    inside(i % width, Math.floor(i / width)) ? 255 : 0,
  );
  return send(
    server,
    await sharp(data, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer(),
    { purpose: 'MASK' },
  );
}

export const pixels = (png: Buffer, space: 'srgb' | 'b-w'): Promise<Uint8Array> =>
  sharp(png).toColourspace(space).raw().toBuffer();

/** How many pixels differ from the earlier picture where the mask at the URL is black, and where it is white. */
export async function changes(
  sample: Json,
  maskUrl: string,
  picture: Buffer = fabric,
): Promise<{ outside: number; inside: number }> {
  const [before, after] = [await pixels(picture, 'srgb'), await pixels(await bytesAt(sample.image.url), 'srgb')];
  const count = { outside: 0, inside: 0 };
  (await pixels(await bytesAt(maskUrl), 'b-w')).forEach((value, i) => {
    const differs = [0, 1, 2].some((channel) => after[3 * i + channel] !== before[3 * i + channel]);
    if (differs) count[value === 0 ? 'outside' : 'inside']++;
  });
  return count;
}

export const POLYGON = { polygons: [[{ x: 60, y: 50 }, { x: 180, y: 60 }, { x: 150, y: 190 }]] }; // prettier-ignore
