/** What a sample on a photograph says about its place, and its ignore mask, from the request to the stored row. */
import { readFileSync } from 'node:fs';
import { bytesAt } from './support/generations.js';
import {
  POLYGON,
  drawn,
  fabric,
  pixels,
  reference,
  refused,
  server,
  startPhotographStage,
} from './support/photographStage.js';
import { send } from './support/uploads.js';

const cookie = readFileSync(new URL('../examples/cookie/data/cookie/train/good/002.jpg', import.meta.url));

beforeAll(startPhotographStage);

test('on a photograph with a background, the area is the part; the request can give another', async () => {
  const { id } = await send(server, cookie, { purpose: 'REFERENCE', partNumber: 'FABRIC', name: 'on the tray' });
  const wish = { reference: { id }, steps: 6, quality: { minimumVisibility: 0, minimumAgreement: 0 } };
  const found = (await drawn(wish)).samples[0].allowedArea;
  expect(found).toEqual({ source: 'FOREGROUND', share: expect.any(Number) });
  expect(found.share).toBeGreaterThan(0.2);
  expect(found.share).toBeLessThan(0.5);
  const polygons = [[{ x: 0, y: 0 }, { x: 384, y: 0 }, { x: 384, y: 256 }, { x: 0, y: 256 }]]; // prettier-ignore
  const { samples } = await drawn({ ...wish, allowedArea: { polygons } });
  expect(samples[0].allowedArea).toEqual({ source: 'REQUEST', share: 0.5 });
});

test('a texture may be drawn on anywhere, and a region of your own is not placed', async () => {
  const wish = { reference: { id: reference.id }, strength: { value: 2 } };
  expect((await drawn(wish)).samples[0].allowedArea).toEqual({ source: 'WHOLE_IMAGE', share: 1 });
  expect((await drawn({ ...wish, region: POLYGON })).samples[0].allowedArea).toBeNull();
  expect((await drawn({})).samples[0].allowedArea).toBeNull();
});

test('the ignore mask marks what changed beside the mask, also if the mask is an outline', async () => {
  const wish = { reference: { id: reference.id }, region: POLYGON, strength: { value: 2 } };
  const before = await pixels(fabric, 'srgb');
  const shares: number[] = [];
  for (const maskConvention of ['CHANGE', 'OUTLINE']) {
    const [sample] = (await drawn({ ...wish, maskConvention })).samples;
    const [after, mask, ignore] = [
      await pixels(await bytesAt(sample.image.url), 'srgb'),
      await pixels(await bytesAt(sample.mask.url), 'b-w'),
      await pixels(await bytesAt(sample.ignoreMask.url), 'b-w'),
    ];
    const ignored = [...ignore.keys()].filter((i) => ignore[i] === 255);
    expect(ignored.length).toBeGreaterThan(10);
    for (const i of ignored) {
      expect(mask[i]).toBe(0);
      expect([0, 1, 2].some((channel) => after[3 * i + channel] !== before[3 * i + channel])).toBe(true);
    }
    shares.push(sample.areaFraction);
  }
  expect(shares[1]).toBeGreaterThan((shares[0] ?? 1) * 1.2);
});

test('a mask convention needs a reference', async () => {
  expect(await refused({ maskConvention: 'OUTLINE' })).toMatchObject({
    message: expect.stringContaining('input[0].maskConvention: needs a reference'),
  });
});
