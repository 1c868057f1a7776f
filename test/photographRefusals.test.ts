/** Requests for photographs, regions, twins and policies that are refused, with the field and the reason. */
import sharp from 'sharp';
import { GENERATE } from './support/generations.js';
import { createUpload, put, send } from './support/uploads.js';
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

beforeAll(startPhotographStage);

describe('is refused with the field and the reason', () => {
  const own = { reference: { id: '' } };
  beforeAll(() => (own.reference.id = reference.id));

  test.each<[string, () => object, RegExp]>([
    ['a region without a photograph', () => ({ region: POLYGON }), /input\[0\]\.region: needs a reference/],
    ['freedom without a photograph', () => ({ freedom: 0.5 }), /input\[0\]\.freedom: needs a reference/],
    [
      'neither id nor any',
      () => ({ reference: {} }),
      /input\[0\]\.reference"; Exactly one key must be specified for OneOf type "ReferenceInput"/,
    ],
    [
      'a photograph that is not there',
      () => ({ reference: { id: 'x' } }),
      /input\[0\]\.reference\.id: there is no reference/,
    ],
    [
      'a sample that is not there',
      () => ({ reference: { sampleId: reference.id } }),
      /reference\.sampleId: there is no sample/,
    ],
    ['freedom 1.5', () => ({ ...own, freedom: 1.5 }), /input\[0\]\.freedom: 1.5 is out of range 0.05 … 1/],
    ['freedom for no step', () => ({ ...own, freedom: 0.05 }), /freedom: 0.05 leaves none of 10 steps/],
    ['a sampler that adds noise', () => ({ ...own, sampler: 'DDPM' }), /sampler: must be DPM_SOLVER_PP, DDIM or TURBO/],
    ['a point outside', () => ({ ...own, region: { polygons: [[{ x: 0, y: 0 }, { x: 257, y: 0 }, { x: 0, y: 9 }]] } }), /region\.polygons\[0\]\[1\]\.x: 257 is out of range 0 … 256/], // prettier-ignore
    ['two points', () => ({ ...own, region: { polygons: [[{ x: 0, y: 0 }, { x: 5, y: 0 }]] } }), /polygons\[0\]: must have at least 3 points, has 2/], // prettier-ignore
    ['no polygon', () => ({ ...own, region: { polygons: [] } }), /polygons: must have 1 … 64 polygons, has 0/],
    ['a region and a place', () => ({ ...own, region: { ...POLYGON, place: 'SHAPE' } }), /region"; Exactly one key must be specified/], // prettier-ignore
    ['a region and an allowed area', () => ({ ...own, region: POLYGON, allowedArea: POLYGON }), /allowedArea: cannot be given together with a region/], // prettier-ignore
    ['a policy without scores', () => ({ quality: { minimumVisibility: 9 } }), /quality\.minimumVisibility: samples from noise are compared with nothing; give twin/], // prettier-ignore
    ['a policy that holds nothing against samples from noise', () => ({ quality: { maximumDraws: 9 } }), /quality: must have minimumConfidence for samples from noise/], // prettier-ignore
    ['confidence 2', () => ({ quality: { minimumConfidence: 2 } }), /quality\.minimumConfidence: 2 is out of range 0 … 1/], // prettier-ignore
    ['a policy for a sweep', () => ({ ...own, strength: { sweep: [1, 2] }, quality: {} }), /quality: cannot be given with strength.sweep/], // prettier-ignore
    [
      'visibility 300',
      () => ({ ...own, quality: { minimumVisibility: 300 } }),
      /minimumVisibility: 300 is out of range 0 … 255/,
    ],
    [
      'a twin on a photograph',
      () => ({ ...own, twin: true }),
      /twin: with a reference, what is drawn on is itself the twin/,
    ],
    ['a sweep of one', () => ({ strength: { sweep: [1] } }), /strength\.sweep: must have 2 … 20 strengths, has 1/],
    ['a sweep and a value', () => ({ strength: { sweep: [1, 2], value: 1 } }), /strength: give one of value/],
    ['a sweep out of range', () => ({ strength: { sweep: [1, 99] } }), /strength\.sweep\[1\]: 99 is out of range/],
    ['too many pictures', () => ({ count: 600, strength: { sweep: [1, 2] } }), /count: 600 is out of range 1 … 500/],
  ])('%s', async (_, wish, message) => {
    expect((await refused(wish())).message).toMatch(message);
  });

  test('freedom that leaves no step of this sampler, at the bound itself', async () => {
    expect((await refused({ ...own, steps: 20, freedom: 0.05 })).message).toMatch(
      /input\[0\]\.freedom: 0.05 leaves none of 20 steps/,
    );
  });

  test('a region that no square of the photograph holds, and one that covers nothing', async () => {
    const wide = await send(server, await sharp(fabric).resize(300, 100, { fit: 'fill' }).png().toBuffer(), {
      purpose: 'REFERENCE',
      partNumber: 'FABRIC',
    });
    const strip = { polygons: [[{ x: 10, y: 40 }, { x: 290, y: 40 }, { x: 290, y: 60 }, { x: 10, y: 60 }]] }; // prettier-ignore
    const mask = await maskOf(300, 100, (x, y) => y === 50 && (x === 20 || x === 280));
    for (const region of [strip, { maskId: mask.id }]) {
      expect((await refused({ reference: { id: wide.id }, region })).message).toMatch(
        /input\[0\]\.region: is 2\d\d × \d+ pixels in extent; it must fit into a square of 100/,
      );
    }
    const nothing = { polygons: [[{ x: 10, y: 10 }, { x: 90, y: 10 }, { x: 50, y: 10.3 }]] }; // prettier-ignore
    for (const area of [{ region: nothing }, { allowedArea: nothing }])
      expect((await refused({ ...own, ...area })).message).toMatch(/polygons: cover no pixel center/);
    await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id: wide.id });
  });

  test('a mask of another size, a photograph of another product, an archived one, and a product without any', async () => {
    const small = await maskOf(128, 128, (x) => x < 64);
    expect((await refused({ ...own, region: { maskId: small.id } })).message).toMatch(
      /region\.maskId: is 128 × 128 pixels, but the image .* is 256 × 256/,
    );
    const other = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'PCB' });
    expect((await refused({ reference: { id: other.id } })).message).toMatch(/is a photograph of another product/);
    await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id: other.id });
    expect((await refused({ partNumber: 'PCB', defectCode: 'SHORT', reference: { id: other.id } })).message).toMatch(
      /is archived/,
    );
    expect(
      (await refused({ partNumber: 'PCB', defectCode: 'SHORT', reference: { anyOfProduct: true } })).message,
    ).toMatch(/the product has no photograph/);
  });

  test("another tenant's photograph, mask or sample, as if it were not there", async () => {
    const mask = await maskOf(256, 256, (x) => x < 99);
    const [sample] = (await drawn({ ...own, region: POLYGON, strength: { value: 2.5 } })).samples;
    const theirs = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'FABRIC' }, OTHER);
    expect(theirs.id).not.toBe(reference.id);
    const attempts: [object, string][] = [
      [{ reference: { id: reference.id } }, 'input[0].reference.id'],
      [{ reference: { sampleId: sample.id } }, 'input[0].reference.sampleId'],
      [{ reference: { id: theirs.id }, region: { maskId: mask.id } }, 'input[0].region.maskId'],
      [{ reference: { id: theirs.id }, allowedArea: { maskId: mask.id } }, 'input[0].allowedArea.maskId'],
    ];
    for (const [wish, field] of attempts) {
      const { extensions } = await server.error(GENERATE, { input: [{ ...WISH, ...wish }] }, OTHER);
      expect(extensions).toMatchObject({ code: 'NOT_FOUND', field });
    }
    const filter = { referenceId: reference.id };
    const query = 'query ($filter: SampleFilter) { samples(filter: $filter) { edges { node { id } } } }';
    expect((await server.data(query, { filter }, OTHER)).samples.edges).toEqual([]);
  });

  test('and what was refused left nothing behind', async () => {
    const before = (await server.data('{ generations(first: 100) { edges { node { id } } } }')).generations.edges
      .length;
    await refused({ ...own, freedom: 2 });
    await put(
      (await createUpload(server, { purpose: 'REFERENCE', partNumber: 'FABRIC' })).url,
      Buffer.from('no picture'),
    );
    expect((await server.data('{ generations(first: 100) { edges { node { id } } } }')).generations.edges).toHaveLength(
      before,
    );
  });
});
