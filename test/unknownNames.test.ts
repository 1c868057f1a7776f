import { catalogOf } from './support/catalog.js';
import { GENERATE, QUICK } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const refusal = (item: object) => server.error(GENERATE, { input: [{ ...QUICK, ...item }] });

test('an unknown part, defect or model is told with what there is', async () => {
  expect(await refusal({ partNumber: 'tile' })).toMatchObject({
    message:
      'input[0].partNumber: there is no product "tile"; did you mean "TILE"? Case matters; there are: METAL_NUT, TILE',
    extensions: { code: 'UNKNOWN_PRODUCT', available: ['METAL_NUT', 'TILE'], suggestions: ['TILE'] },
  });
  expect((await refusal({ partNumber: 'TILES' })).message).toBe(
    'input[0].partNumber: there is no product "TILES"; there are: METAL_NUT, TILE',
  );
  expect(await refusal({ defectCode: 'Crack' })).toMatchObject({
    message:
      'input[0].defectCode: there is no defect "Crack"; did you mean "CRACK"? Case matters; there are: CRACK, SCRATCH',
    extensions: { code: 'UNKNOWN_DEFECT', suggestions: ['CRACK'] },
  });
  const onAny = { partNumber: 'tile', reference: { anyOfProduct: true } };
  expect((await refusal(onAny)).extensions.code).toBe('UNKNOWN_PRODUCT');
  expect(await refusal({ defectCode: 'DENT' })).toMatchObject({
    message: 'input[0].defectCode: there is no defect "DENT"; there are: CRACK, SCRATCH',
    extensions: { code: 'UNKNOWN_DEFECT', available: ['CRACK', 'SCRATCH'] },
  });
  expect(await refusal({ model: 'huge' })).toMatchObject({
    message: 'input[0].model: there is no "huge"; there are: tiny@1.0.0',
    extensions: { code: 'UNKNOWN_MODEL' },
  });
});

test('part numbers that look alike are one, and one that nobody can tell from another is refused', async () => {
  const { importCatalog, refusal: refused, product, partNumbers, defectCodes } = catalogOf(() => server);
  const part = (partNumber: string) => ({ partNumber, name: 'Pru\u0308fteil', promptName: 'tile' });
  const imported = await importCatalog({ products: [part(' Pru\u0308fteil\u00a0'), part('47\u00a011'), part('4711')] });
  expect(imported.products.created).toBe(3);
  const again = await importCatalog({ products: [part('Pr\u00fcfteil'), part('47 11'), part('\ufeff4711 ')] });
  expect(again.products).toMatchObject({ created: 0, updated: 0, unchanged: 3 });
  expect(await product('Pru\u0308fteil')).toMatchObject({ partNumber: 'Pr\u00fcfteil', name: 'Pr\u00fcfteil' });
  for (const search of ['4711', ' 4711\u2003', '4711\ufeff'])
    expect(await partNumbers(`filter: { search: ${JSON.stringify(search)} }`)).toEqual(['4711']);
  const [generation] = (await server.data(GENERATE, { input: [{ ...QUICK, partNumber: ' 4711 ' }] })).generateDefects;
  expect(generation.product.partNumber).toBe('4711');
  const ofPart = `{ generations(filter: { partNumber: "4711 " }) { edges { node { id } } } }`;
  expect((await server.data(ofPart)).generations.edges.map(({ node }: Json) => node.id)).toEqual([generation.id]);
  // A retry by another system, which writes the codes in its own way, is the same request.
  const sent = [' 4711 ', '4711'].map((partNumber) => ({ ...QUICK, partNumber, defectCode: 'CRACK', idempotencyKey: 'k' })); // prettier-ignore
  const retried = [];
  for (const input of sent) retried.push((await server.data(GENERATE, { input: [input] })).generateDefects[0].id);
  expect(retried[1]).toBe(retried[0]);

  expect(await refused({ products: [part('4711\u200b')] })).toMatchObject({
    message: 'input.products[0].partNumber: "4711\u200b" has the character U+200B, which nobody sees; remove it',
    extensions: { code: 'BAD_USER_INPUT', field: 'input.products[0].partNumber' },
  });
  for (const [character, codePoint] of [
    ['\u2028', 'U+2028'],
    ['\u2029', 'U+2029'],
    ['\u2800', 'U+2800'],
    ['\u3164', 'U+3164'],
  ] as const)
    expect((await refused({ products: [part(`47${character}11`)] })).message).toContain(codePoint);
  expect((await refused({ products: [part(' 1'), part('1 ')] })).message).toBe(
    'input.products[1].partNumber: "1" is already at input.products[0]',
  );
  expect((await refused({ products: [part('\u00a0 ')] })).message).toContain('must have 1 to 200 characters, not 0');
  expect((await refusal({ partNumber: 'TI\u00adLE' })).message).toContain('input[0].partNumber: "TI');
  expect((await refusal({ partNumber: 'PR\u00fcFTEIL' })).message).toContain(
    'did you mean "Pr\u00fcfteil"? Case matters',
  );

  const alike = await importCatalog({ products: [part('pr\u00fcfteil')], defects: [{ code: 'Crack ' }] });
  expect(alike.warnings.map(({ field, suggestions }: Json) => [field, ...suggestions])).toEqual([
    ['input.products[0].partNumber', 'Pr\u00fcfteil'],
    ['input.defects[0].code', 'CRACK'],
  ]);
  expect(await defectCodes('first: 3')).toEqual(['CRACK', 'Crack', 'SCRATCH']);
});
