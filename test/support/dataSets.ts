/** Asks for data sets, and for what is in them. */
import { grey, photograph } from './photographs.js';
import type { ApiError, Json, Server } from './server.js';
import type { PutAnswer } from './uploads.js';
import { MASK, createUpload, put, send } from './uploads.js';

export const DATA_SET_FIELDS = `
  id name version testShare splitSeed createdBy deletedAt findings { kind message }
  counts { goodPhotographs defectivePhotographs samples train test withFindings }
  members(first: 100) { totalCount edges { node {
    position split findings { kind message } reference { id } sample { id } product { partNumber } defect { code }
  } } }
`;

export const CREATE_DATA_SET = `mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { ${DATA_SET_FIELDS} } }`;

export async function createDataSet(server: Server, input: object, key?: string): Promise<Json> {
  return (await server.data(CREATE_DATA_SET, { input }, key)).createDataSet;
}

export async function refusedDataSet(server: Server, input: object): Promise<ApiError> {
  return server.error(CREATE_DATA_SET, { input: { name: 'refused', ...input } });
}

export function membersOf(dataSet: Json): Json[] {
  return dataSet.members.edges.map(({ node }: Json) => node);
}

/** The ids of the photographs for testing. */
export function testedIn(dataSet: Json): string[] {
  return membersOf(dataSet)
    .filter(({ split }) => split === 'TEST')
    .map(({ reference }) => reference.id as string);
}

/** A photograph of a good part of TILE. The same seed is the same photograph. */
export async function sendGood(server: Server, seed: number, partNumber = 'TILE'): Promise<string> {
  const file = await photograph(seed).png().toBuffer();
  return (await send(server, file, { purpose: 'REFERENCE', partNumber })).id;
}

/** A photograph of TILE with a defect in a square at the left edge. */
export async function sendDefective(server: Server, seed: number, defectCode = 'CRACK', side = 20): Promise<string> {
  const shape = await grey((x, y) => (x < side && y < side ? 255 : 0))
    .png()
    .toBuffer();
  const { id: maskId } = await send(server, shape, MASK);
  const file = await photograph(seed).png().toBuffer();
  return (await send(server, file, { purpose: 'REFERENCE', partNumber: 'TILE', defectCode, maskId })).id;
}

export const ARCHIVE = { purpose: 'DATA_SET', name: 'packed' };

/** Sends an archive. `dataSet` is what it has become, if it was accepted. */
export async function sendArchive(
  server: Server,
  archive: Buffer,
  upload: { readonly name?: string; readonly partNumber?: string } = {},
  key?: string,
): Promise<PutAnswer & { readonly dataSet: Json }> {
  const { id, url } = await createUpload(server, { ...ARCHIVE, ...upload }, key);
  const answer = await put(url, archive);
  return { ...answer, dataSet: await dataSetOf(server, id, key) };
}

/** Null until the upload is completed. */
export async function dataSetOf(server: Server, upload: string, key?: string): Promise<Json> {
  const query = `query ($id: ID!) { upload(id: $id) { dataSet { ${DATA_SET_FIELDS} } } }`;
  return (await server.data(query, { id: upload }, key)).upload.dataSet;
}

/** The problems that an archive is refused for. */
export async function problemsOf(server: Server, archive: Buffer): Promise<string[]> {
  const { status, body, dataSet } = await sendArchive(server, archive);
  expect([status, dataSet]).toEqual([422, null]);
  const [{ extensions }] = body.errors;
  expect(extensions).toMatchObject({
    code: 'DATA_SET_ARCHIVE_INVALID',
    field: 'body',
    problemCount: extensions.problems.length,
  });
  return extensions.problems;
}

/** Entries of a small archive: three good photographs of TILE, and two with a defect. */
export function tileEntries(): Promise<Record<string, Buffer>> {
  return entriesOf('tile', 'crack', 2);
}

/** Of the product "brass cog": three good photographs, and some with a dent. */
export function cogEntries(defective = 1): Promise<Record<string, Buffer>> {
  return entriesOf('brass cog', 'dent', defective);
}

async function entriesOf(product: string, defect: string, defective: number): Promise<Record<string, Buffer>> {
  const shape = await grey((x, y) => (x < 20 && y < 20 ? 255 : 0))
    .png()
    .toBuffer();
  const entries: Record<string, Buffer> = {};
  for (let seed = 0; seed < 3; seed++)
    entries[`${product}/train/good/${String(seed)}.png`] = await photograph(seed).png().toBuffer();
  for (let seed = 3; seed < 3 + defective; seed++) {
    entries[`${product}/test/${defect}/${String(seed)}.jpg`] = await photograph(seed).jpeg().toBuffer();
    entries[`${product}/ground_truth/${defect}/${String(seed)}_mask.png`] = shape;
  }
  return entries;
}

export async function importProduct(
  server: Server,
  partNumber: string,
  promptName: string,
  code: string,
  word: string,
): Promise<void> {
  const products = [{ partNumber, name: partNumber, promptName }];
  const defects = [{ code, name: code, promptName: word }];
  await server.data('mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { field } } }', {
    input: { products, defects },
  });
}
