/** Requests for transplants, and uploads of donors, that are refused, with the field and the reason. */
import sharp from 'sharp';
import { donorOf, spotMask, spotted } from './support/donors.js';
import { GENERATE } from './support/generations.js';
import {
  OTHER,
  POLYGON,
  WISH,
  drawn,
  fabric,
  maskOf,
  reference,
  refused,
  server,
  startPhotographStage,
} from './support/photographStage.js';
import type { Json } from './support/server.js';
import { CREATE_UPLOAD, createUpload, put, send } from './support/uploads.js';

let donor: Json;
beforeAll(async () => {
  await startPhotographStage();
  donor = await donorOf('FABRIC', 'STAIN');
});

const ARCHIVE = 'mutation ($id: ID!) { archiveReference(id: $id) { id } }';
/** The stage's requests have steps, which a transplant has no use for without a harmonizing pass. */
const wish = (more: object = {}): object => ({
  reference: { id: reference.id },
  defectReference: { id: donor.id },
  steps: undefined,
  ...more,
});

describe('a request', () => {
  const drawnOnly = 'a transplant is not drawn; harmonize is';
  test.each<[string, () => object, string | RegExp]>([
    ['without a reference', () => wish({ reference: null }), 'defectReference: needs a reference'],
    ['on a twin', () => wish({ reference: { twin: true } }), 'reference.twin: a transplant needs a photograph'],
    ['with a twin', () => wish({ twin: true }), 'twin: a transplant has no twin'],
    // Which asks for nothing: only what follows it is refused.
    [
      'with `twin: false`',
      () => wish({ twin: false, maskMode: 'AVERAGE_PIXELS' }),
      "maskMode: a transplant's mask is that of",
    ],
    [
      'with neither donor',
      () => wish({ defectReference: {} }),
      'Exactly one key must be specified for OneOf type "DefectReferenceInput"',
    ],
    [
      'with both',
      () => wish({ defectReference: { id: donor.id, anyOfPair: true } }),
      'Exactly one key must be specified for OneOf type "DefectReferenceInput"',
    ],
    ['with a donor that is not there', () => wish({ defectReference: { id: 'x' } }), 'defectReference.id: there is no'],
    [
      'with a sample that is not there',
      () => wish({ defectReference: { sampleId: 'x' } }),
      'input[0].defectReference.sampleId: there is no sample "x"',
    ],
    ['with a good donor', () => wish({ defectReference: { id: reference.id } }), 'defectReference.id: shows a good'],
    ['onto a donor', () => wish({ reference: { id: donor.id } }), 'reference.id: shows a defect; draw on a photograph'],
    ['of another defect', () => wish({ defectCode: 'HOLE' }), 'defectReference.id: shows another defect'],
    [
      'with others that are not there',
      () => wish({ defectReference: { ofOtherProducts: true } }),
      'no other product has a defective',
    ],
    ['of a pair without', () => wish({ defectCode: 'HOLE', defectReference: { anyOfPair: true } }), 'the pair has no'],
    ['in a region', () => wish({ region: POLYGON }), "region: a transplant's region is that of its donor"],
    ['at a denoising strength', () => wish({ denoisingStrength: 0.5 }), `denoisingStrength: ${drawnOnly}`],
    ['with freedom', () => wish({ freedom: 0.5 }), `freedom: ${drawnOnly}`],
    ['with a mask mode', () => wish({ maskMode: 'AVERAGE_PIXELS' }), "maskMode: a transplant's mask is that of its"],
    ['with steps for nothing', () => wish({ steps: 20 }), 'steps: is for the model, which a transplant only uses with'],
    ['with guidance for nothing', () => wish({ guidance: 'DOUBLE_FREE', harmonize: 0 }), 'guidance: is for the model'],
    ['harmonized by 2', () => wish({ harmonize: 2 }), 'harmonize: 2 is out of range 0 … 1'],
    [
      'for no step',
      () => wish({ harmonize: 0.01, steps: 10 }),
      'harmonize: 0.01 leaves none of 10 steps; raise either',
    ],
    [
      'harmonized by DDPM',
      () => wish({ harmonize: 0.3, sampler: 'DDPM' }),
      'sampler: must be DPM_SOLVER_PP, DDIM or TURBO',
    ],
    ['at strength 4', () => wish({ strength: { value: 4 } }), 'strength: 4 is out of range 0 … 3'],
    [
      'with a confidence',
      () => wish({ quality: { minimumConfidence: 0.5 } }),
      'minimumConfidence: a transplant has no',
    ],
    ['turned by 181°', () => wish({ variation: { turn: 181 } }), 'variation.turn: 181 is out of range 0 … 180'],
    ['bent by 1', () => wish({ variation: { bend: 1 } }), 'variation.bend: 1 is out of range 0 … 0.2'],
    ['with contrast 1', () => wish({ variation: { contrast: 1 } }), 'variation.contrast: 1 is out of range 0 … 0.9'],
    ['at scale 9', () => wish({ variation: { scale: { min: 1, max: 9 } } }), 'scale.max: 9 is out of range 0.25 … 4'],
    ['with scales exchanged', () => wish({ variation: { scale: { min: 2, max: 1 } } }), 'scale: min 2 is above max 1'],
    ['for a variation alone', () => ({ variation: { turn: 5 } }), 'variation: needs a defectReference'],
    ['for harmony alone', () => ({ harmonize: 0.2 }), 'harmonize: needs a defectReference'],
  ])('%s', async (_, request, message) => {
    expect((await refused(request())).message).toContain(message);
  });

  test('an archived donor', async () => {
    const old = await donorOf('FABRIC', 'STAIN', { x: 60, y: 60, radius: 9 });
    await server.data(ARCHIVE, { id: old.id });
    expect((await refused(wish({ defectReference: { id: old.id } }))).message).toMatch(
      /defectReference\.id: is archived/,
    );
  });

  test('a sample as the donor that is of another defect, of two defects, or without any', async () => {
    const of = async (more: object): Promise<Json> => (await drawn(wish(more))).samples[0];
    const first = await of({});
    const none = await of({ strength: { value: 0 } });
    const onFirst = await of({ reference: { sampleId: first.id } });
    const cases: [object, string][] = [
      [{ defectCode: 'HOLE', defectReference: { sampleId: first.id } }, 'shows another defect'],
      [{ defectReference: { sampleId: none.id } }, 'marks no defect: its mask is empty'],
      [{ defectReference: { sampleId: onFirst.id } }, 'is drawn on another sample, so that its mask marks'],
    ];
    for (const [more, problem] of cases)
      expect((await refused(wish(more))).message).toContain(`input[0].defectReference.sampleId: ${problem}`);
    const theirs = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'FABRIC' }, OTHER);
    const item = { ...WISH, ...wish({ reference: { id: theirs.id }, defectReference: { sampleId: first.id } }) };
    const { extensions } = await server.error(GENERATE, { input: [item] }, OTHER);
    expect(extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input[0].defectReference.sampleId' });
  });

  test("only photographs of good parts are any of the product's", async () => {
    const { id } = await donorOf('PCB', 'HOLE');
    const onAny = { partNumber: 'PCB', defectCode: 'HOLE', reference: { anyOfProduct: true } };
    expect((await refused(wish({ ...onAny, defectReference: { id } }))).message).toMatch(/has no photograph of a good/);
  });
});

describe('an upload', () => {
  const failed = async (input: object) => (await server.error(CREATE_UPLOAD, { input })).message;
  const donors = { purpose: 'REFERENCE', partNumber: 'FABRIC' };

  test('with a mask or a defect alone, or of what is not there', async () => {
    const { id: maskId } = await spotMask();
    expect(await failed({ ...donors, maskId })).toMatch(/input\.defectCode: is required with maskId/);
    expect(await failed({ ...donors, defectCode: 'STAIN' })).toMatch(/input\.maskId: is required with defectCode/);
    expect(await failed({ ...donors, defectCode: 'NO', maskId })).toMatch(/input\.defectCode: there is no defect "NO"/);
    expect(await failed({ ...donors, defectCode: 'STAIN', maskId: 'x' })).toMatch(/input\.maskId: there is no region/);
    expect(await failed({ purpose: 'MASK', defectCode: 'STAIN' })).toMatch(/input\.defectCode: is for a REFERENCE/);
  });

  test("with another tenant's mask, as if it were not there", async () => {
    const png = await sharp(await spotted())
      .toColourspace('b-w')
      .threshold(60)
      .png()
      .toBuffer();
    const theirs = await send(server, png, { purpose: 'MASK' }, OTHER);
    expect(await failed({ ...donors, defectCode: 'STAIN', maskId: theirs.id })).toMatch(/there is no region mask/);
  });

  test('of a photograph that has not the size of its mask; the upload stays open', async () => {
    const mask = await maskOf(128, 128, (x) => x < 9);
    const { url } = await createUpload(server, { ...donors, defectCode: 'STAIN', maskId: mask.id });
    const { status, body } = await put(url, fabric);
    expect([status, body.errors[0].extensions.code]).toEqual([422, 'MASK_SIZE_MISMATCH']);
    expect(body.errors[0].message).toMatch(/is 256 × 256 pixels, but its mask is 128 × 128/);
    expect((await put(url, await sharp(fabric).resize(128).png().toBuffer())).status).toBe(201);
  });
});

test('a donor is listed as DEFECTIVE, with its defect and its mask, and not among the good ones', async () => {
  const query = `query ($state: ReferenceState) { product(partNumber: "FABRIC") { references(first: 100, state: $state) {
    edges { node { id state defect { code } mask { id areaFraction } } } } } }`;
  const listed = async (state?: string): Promise<Json[]> =>
    (await server.data(query, { state })).product.references.edges.map(({ node }: Json) => node);
  const [good, bad, both] = [await listed('GOOD'), await listed('DEFECTIVE'), await listed()];
  expect(good).toContainEqual({ id: reference.id, state: 'GOOD', defect: null, mask: null });
  const shown = bad.find(({ id }) => id === donor.id);
  expect(shown).toMatchObject({ state: 'DEFECTIVE', defect: { code: 'STAIN' }, mask: { id: expect.any(String) } });
  expect(both).toHaveLength(good.length + bad.length);
});
