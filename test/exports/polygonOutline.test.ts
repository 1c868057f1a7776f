import type { Point } from '../../src/exports/polygonOutline.js';
import { polygonOutline } from '../../src/exports/polygonOutline.js';
import type { Region } from '../../src/exports/regions.js';
import { regionsOf } from '../../src/exports/regions.js';
import { encodeRle, runLengths } from '../../src/exports/cocoRle.js';
import { boundingBoxes } from '../../src/inference/method/connectedComponents.js';

function maskOf(...lines: string[]): { mask: Uint8Array; width: number; height: number } {
  const mask = Uint8Array.from(lines.join(''), (sign) => (sign === '#' ? 255 : 0));
  return { mask, width: lines[0]?.length ?? 0, height: lines.length };
}

function onlyRegion(...lines: string[]): Region {
  const { mask, width } = maskOf(...lines);
  const [region, ...others] = regionsOf(mask, width);
  expect(others).toEqual([]);
  return region as Region;
}

/** Masks of every density, so that there are holes, islands in holes, and pixels that touch at corners. */
function* randomMasks(): Generator<{ mask: Uint8Array; width: number; height: number }> {
  let state = 7;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let i = 0; i < 300; i++) {
    const [width, height, density] = [1 + Math.floor(random() * 24), 1 + Math.floor(random() * 24), random()];
    yield { mask: Uint8Array.from({ length: width * height }, () => (random() < density ? 255 : 0)), width, height };
  }
}

/** By the even-odd rule, at the middle of each pixel. */
function filled(outline: readonly Point[], width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
    const crossings = outline.filter(([x1, y1], i) => {
      const [x2, y2] = outline[(i + 1) % outline.length] as Point;
      return x1 === x2 && x1 > x && y1 > y !== y2 > y;
    });
    return crossings.length % 2 === 1 ? 255 : 0;
  });
}

/** Shoelace formula. */
function area(outline: readonly Point[]): number {
  const twice = outline.reduce((sum, [x1, y1], i) => {
    const [x2, y2] = outline[(i + 1) % outline.length] as Point;
    return sum + x1 * y2 - x2 * y1;
  }, 0);
  return twice / 2;
}

/** The region by itself, in a picture of its own size. */
function alone({ box, mask }: Region, width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [(pixel % width) - box.x, Math.floor(pixel / width) - box.y];
    return x >= 0 && y >= 0 && x < box.width && y < box.height && mask[y * box.width + x] === 1 ? 255 : 0;
  });
}

test('the outline of a rectangle is its four corners, clockwise', () => {
  expect(polygonOutline(onlyRegion('....', '.##.', '.##.', '....'))).toEqual([
    [1, 1],
    [3, 1],
    [3, 3],
    [1, 3],
  ]);
});

test('pixels that touch at a corner are one region with one outline', () => {
  const outline = polygonOutline(onlyRegion('#.', '.#'));
  expect(outline).toHaveLength(8);
  expect(area(outline)).toBe(2);
});

test('a hole is joined to the outline by a cut of no width', () => {
  const outline = polygonOutline(onlyRegion('###', '#.#', '###'));
  expect(area(outline)).toBe(8);
  expect(filled(outline, 3, 3)[4]).toBe(0);
});

test('the outlines of any mask, filled again, are the mask, and their areas are its pixels', () => {
  for (const { mask, width, height } of randomMasks()) {
    for (const region of regionsOf(mask, width)) {
      const outline = polygonOutline(region);
      expect(filled(outline, width, height)).toEqual(alone(region, width, height));
      expect(area(outline)).toBe(region.pixels);
    }
  }
});

test("the regions are those of a sample's bounding boxes, in the same order, and make up the mask", () => {
  for (const { mask, width, height } of randomMasks()) {
    const regions = regionsOf(mask, width);
    expect(regions.map(({ box }) => box)).toEqual(boundingBoxes(mask, width));
    const sum = new Uint8Array(mask.length);
    for (const region of regions) alone(region, width, height).forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
    expect(sum).toEqual(mask);
  }
});

test('run lengths go down the columns, and cover the whole picture', () => {
  expect(runLengths(onlyRegion('.#', '.#', '##'), 2, 3)).toEqual([2, 4]);
  expect(runLengths(onlyRegion('#..', '...'), 3, 2)).toEqual([0, 1, 5]);
  for (const { mask, width, height } of randomMasks()) {
    for (const region of regionsOf(mask, width)) {
      const runs = runLengths(region, width, height);
      const columns = runs.flatMap((run, i) => Array.from({ length: run }, () => (i % 2) * 255));
      const whole = alone(region, width, height).map(
        (_, i, all) => all[(i % height) * width + Math.floor(i / height)] ?? 0,
      );
      expect(columns).toEqual([...whole]);
      expect(runs.slice(1).every((run) => run > 0)).toBe(true);
    }
  }
});

test('run lengths are compressed as pycocotools does it', () => {
  // From pycocotools.mask.frPyObjects({'counts': …}) and back; see also training/tests/test_exports.py.
  expect(encodeRle([2, 4])).toBe('24');
  expect(encodeRle([100, 5, 3, 200, 1, 40000])).toBe('T353S6NhkV1');
});
