/** The mask: the threshold, its connected components, and the pixels of the results. */
import {
  thresholdMask,
  maskConfidence,
  toGrayscale,
  iterativeThreshold,
  elementwiseMean,
} from '../../src/inference/method/maskThreshold.js';
import { toMaskBytes, renderOverlay, toRgbBytes } from '../../src/inference/method/pixels.js';
import { areaFraction, boundingBoxes } from '../../src/inference/method/connectedComponents.js';

describe('mask', () => {
  test.each([
    [[0, 0, 0, 0, 1, 1, 2, 10, 11, 12], 5.785714285714286],
    [[-1, -1, -1, -0.9, -0.95, 0.8, 0.9], -0.06],
    [[-0.97, -0.98, -0.99, -0.975], -0.97875],
    [[0.25, 0.25, 0.25], 0.25],
    [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 0.1],
  ])('the iterative threshold of %j is %f', (values, expected) => {
    expect(iterativeThreshold(values)).toBeCloseTo(expected, 4);
  });

  test('a black picture is empty, and so is a nearly black one', () => {
    expect([...thresholdMask(new Float64Array(4).fill(-1), 40)]).toEqual([0, 0, 0, 0]);
    expect([...thresholdMask(Float64Array.of(-0.97, -0.98, -0.99, -0.975), 40)]).toEqual([0, 0, 0, 0]);
  });

  test('a flat picture is empty, however bright: nothing stands out', () => {
    expect([...thresholdMask(new Float64Array(3).fill(0.1), 40)]).toEqual([0, 0, 0]);
    // 0.3 of the scale is 38 grey levels.
    expect([...thresholdMask(Float64Array.of(0, 0.3, 0.1), 40)]).toEqual([0, 0, 0]);
    expect([...thresholdMask(Float64Array.of(0, 0.4, 0.1), 40)]).toEqual([0, 1, 0]);
  });

  test('what is bright enough is split from what is not', () => {
    expect([...thresholdMask(Float64Array.of(-1, -0.9, 0.8, 0.9, -0.95), 40)]).toEqual([0, 0, 1, 1, 0]);
  });

  test('the peak is measured in grey values', () => {
    // 40 of 255 is −0.686 on the scale of the decoder.
    expect([...thresholdMask(Float64Array.of(-1, -0.687), 40)]).toEqual([0, 0]);
    expect([...thresholdMask(Float64Array.of(-1, -0.686), 40)]).toEqual([0, 1]);
  });

  test('the confidence is the mean of what is marked, on the scale 0 … 1; of nothing it is 0', () => {
    const grey = Float64Array.of(1, 0, -1, -0.5);
    expect(maskConfidence(grey, Uint8Array.of(1, 1, 0, 0))).toBe(0.75);
    expect(maskConfidence(grey, Uint8Array.of(0, 0, 1, 0))).toBe(0);
    expect(maskConfidence(grey, new Uint8Array(4))).toBe(0);
  });

  test('grey is the mean of the channels, each clamped', () => {
    const decoded = Float32Array.of(3, -1, 0, -7, -1, 0.5);
    expect([...toGrayscale(decoded, 3)]).toEqual([expect.closeTo(0, 6), expect.closeTo((-1 - 1 + 0.5) / 3, 6)]);
  });

  test('features are averaged element by element', () => {
    expect([...elementwiseMean([Float32Array.of(1, 2), Float32Array.of(3, 6)])]).toEqual([2, 4]);
  });
});

describe('regions', () => {
  // prettier-ignore
  const mask = Uint8Array.of(
    1, 0, 0, 0, 1,
    0, 1, 0, 0, 1,
    0, 0, 0, 0, 1,
    1, 0, 0, 1, 0,
  );

  test('corners that touch belong together, the edges of the picture do not; the largest comes first', () => {
    expect(boundingBoxes(mask, 5)).toEqual([
      { x: 3, y: 0, width: 2, height: 4 },
      { x: 0, y: 0, width: 2, height: 2 },
      { x: 0, y: 3, width: 1, height: 1 },
    ]);
  });

  test('the area is the share of the pixels', () => {
    expect(areaFraction(mask)).toBeCloseTo(7 / 20, 12);
    expect(boundingBoxes(new Uint8Array(20), 5)).toEqual([]);
  });
});

describe('pixels', () => {
  test('the decoder’s −1 … 1 becomes 0 … 255, interleaved, and what is beyond is clamped', () => {
    const decoded = Float32Array.of(-1, 1, 0, -3, 0.5, 2);
    expect([...toRgbBytes(decoded)]).toEqual([0, 128, 191, 255, 0, 255]);
  });

  test('a mask is black and white', () => {
    expect([...toMaskBytes(Uint8Array.of(0, 1, 1))]).toEqual([0, 255, 255]);
  });

  test('the overlay outlines the mask, tints its inside, and leaves the rest alone', () => {
    const grey = new Uint8Array(25 * 3).fill(100);
    const mask = Uint8Array.from({ length: 25 }, (_, i) => (i % 5 > 0 && i % 5 < 4 && i >= 5 && i < 20 ? 1 : 0));
    const overlay = renderOverlay(grey, mask, 5);
    const pixel = (x: number, y: number): number[] => [...overlay.slice((y * 5 + x) * 3, (y * 5 + x) * 3 + 3)];
    expect(pixel(0, 0)).toEqual([100, 100, 100]);
    expect(pixel(1, 1)).toEqual([255, 40, 40]);
    expect(pixel(2, 2)).toEqual([154, 79, 79]);
  });

  test('a mask that covers everything has no outline', () => {
    const overlay = renderOverlay(new Uint8Array(12).fill(100), new Uint8Array(4).fill(1), 2);
    expect(new Set(overlay)).toEqual(new Set([154, 79]));
  });
});
