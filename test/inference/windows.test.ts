/** The windows of inpainting, and the shapes of its regions. */
import type { Change } from '../../src/inference/method/composition.js';
import { applyChangeToWindow } from '../../src/inference/method/applyChange.js';
import { uniforms } from '../../src/inference/method/noise.js';
import { shapeMask } from '../../src/inference/method/defectShapes.js';
import { resizeMask, windowAround, windowBySeed } from '../../src/inference/method/window.js';

describe('windows', () => {
  const mask = (width: number, height: number, points: [number, number][]): Uint8Array => {
    const bytes = new Uint8Array(width * height);
    for (const [x, y] of points) bytes[y * width + x] = 1;
    return bytes;
  };

  test('lie round the region, inside the photograph, as large as the model is used to', () => {
    const photograph = { width: 100, height: 60 };
    expect(windowAround(mask(100, 60, [[50, 30]]), photograph, 20)).toEqual({ left: 41, top: 21, side: 20 });
    expect(windowAround(mask(100, 60, [[0, 59]]), photograph, 20)).toEqual({ left: 0, top: 40, side: 20 });
    expect(windowAround(mask(100, 60, [[10, 5], [49, 5]]), photograph, 20).side).toBe(50); // prettier-ignore
    expect(windowAround(mask(100, 60, [[50, 30]]), photograph, 128)).toEqual({ left: 21, top: 0, side: 60 });
    const tooLong = mask(100, 60, [[0, 5], [99, 5]]); // prettier-ignore
    expect(() => windowAround(tooLong, photograph, 20)).toThrow('100 × 1 pixels; it must fit into a square of 60');
  });

  test('that a seed places have their middle in the allowed area', () => {
    const photograph = { width: 90, height: 90 };
    const allowed = new Uint8Array(8100).map((_, i) => (i % 90 >= 60 ? 1 : 0));
    const places = Array.from({ length: 20 }, (_, seed) => windowBySeed(seed, allowed, photograph, 20));
    for (const { left, side } of places) expect(left + side / 2).toBeGreaterThanOrEqual(60);
    expect(new Set(places.map(({ left, top }) => `${String(left)},${String(top)}`)).size).toBeGreaterThan(15);
  });

  test('a region of another size is set wherever it is touched', () => {
    const region = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1);
    expect([...resizeMask(region, 3, 2)]).toEqual([0, 0, 0, 1]);
    expect([...resizeMask(Uint8Array.of(0, 1, 0, 0), 2, 4)].slice(0, 8)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });

  test('a change is put onto a larger window bilinearly, centre to centre, and only where it is allowed', () => {
    const plane = Float64Array.of(0, 40, 0, 40);
    const change = {
      colors: [plane, plane, plane],
      opacity: new Float64Array(4).fill(1),
      mask: Uint8Array.of(0, 1, 0, 1),
      ignore: Uint8Array.of(1, 0, 1, 0),
    };
    const allowed = new Uint8Array(16).fill(1);
    allowed[3] = 0;
    const {
      rgb: after,
      mask,
      ignore,
    } = applyChangeToWindow(new Uint8Array(48).fill(100), change as unknown as Change, allowed, 2, 4);
    const red = [...after].filter((_, i) => i % 3 === 0);
    expect(red.slice(0, 8)).toEqual([100, 110, 130, 100, 100, 110, 130, 140]);
    expect([...mask.slice(0, 8)]).toEqual([0, 0, 1, 0, 0, 0, 1, 1]);
    expect([...ignore.slice(0, 8)]).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);
  });
});

describe('regions of the kind that defects have', () => {
  const stroke = [0.5, 0.5, 0.3, 0.02, 0] as const;

  test('are the same for a seed, others for others, and of the shape that was measured', () => {
    expect(shapeMask([stroke], 3, 64, 1)).toEqual(shapeMask([stroke], 3, 64, 1));
    expect(shapeMask([stroke], 3, 64, 1)).not.toEqual(shapeMask([stroke], 4, 64, 1));
    const extents = Array.from({ length: 10 }, (_, seed) => {
      const region = shapeMask([stroke], seed, 64, 1);
      const rows = Array.from({ length: 64 }, (_, y) => region.subarray(64 * y, 64 * y + 64).includes(1));
      const columns = Array.from({ length: 64 }, (_, x) => region.some((value, i) => i % 64 === x && value === 1));
      return [columns.filter(Boolean).length, rows.filter(Boolean).length] as const;
    });
    for (const [wide, high] of extents) expect(wide).toBeGreaterThan(high);
  });

  test('are as small as real defects since the second version, and leave the rim of the window free', () => {
    const spot = [0.5, 0.5, 0.04, 0.03, 0] as const;
    const pixels = (version: 1 | 2): number =>
      shapeMask([spot], 5, 128, version).reduce((sum, value) => sum + value, 0);
    expect(pixels(2)).toBeLessThan(pixels(1) / 2);
    const whole = [0.5, 0.5, 0.6, 0.6, 0] as const;
    expect(shapeMask([whole], 5, 128, 2).subarray(0, 2 * 128)).not.toContain(1);
    expect(shapeMask([whole], 5, 128, 2).subarray(3 * 128, 4 * 128)).toContain(1);
  });

  test('the words of a stream, even between 0 and 1', () => {
    const numbers = uniforms(5, 5000, 4000);
    expect(Math.min(...numbers)).toBeGreaterThan(0);
    expect(numbers.reduce((sum, value) => sum + value, 0) / 4000).toBeCloseTo(0.5, 1);
  });
});
