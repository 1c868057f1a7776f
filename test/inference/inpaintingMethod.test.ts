import { extractChange, applyChange } from '../../src/inference/method/composition.js';
import { gaussianBlur, dilate } from '../../src/inference/method/filters.js';
import {
  bestShift,
  toLatentMask,
  chooseCells,
  firstStepIndex,
  addNoise,
  blendLatents,
  toPixelMask,
  roll,
} from '../../src/inference/method/inpainting.js';
import { computeScores } from '../../src/inference/method/qualityScores.js';

const grid = { height: 4, width: 4 };

describe('where a drawing begins and what it keeps to', () => {
  test('freedom is the share of the noise levels that are gone through', () => {
    const timesteps = [999, 749, 500, 250];
    expect([1, 0.8, 0.75, 0.5, 0.26].map((freedom) => firstStepIndex(timesteps, freedom))).toEqual([0, 1, 1, 3, 3]);
    expect(() => firstStepIndex(timesteps, 0.2)).toThrow('denoisingStrength 0.2 leaves none of 4 steps');
  });

  test('a noised latent is √ᾱ of the photograph and √(1−ᾱ) of the noise', () => {
    expect([...addNoise(Float32Array.of(2, 0), Float32Array.of(0, 3), 0.64)]).toEqual([
      expect.closeTo(1.6, 6),
      expect.closeTo(1.8, 6),
    ]);
  });

  test('outside the region every channel is the photograph', () => {
    const [drawn, kept] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(-1, -2, -3, -4)];
    expect([...blendLatents(drawn, kept, Uint8Array.of(0, 1))]).toEqual([-1, 2, -3, 4]);
  });
});

describe('cells', () => {
  test('a region has every cell that one of its pixels touches, and those cells have all their pixels', () => {
    const region = new Uint8Array(64);
    region[2 * 8 + 3] = 1;
    const cells = toLatentMask(region, 8, grid);
    expect([...cells.keys()].filter((i) => cells[i] === 1)).toEqual([5]);
    const pixels = toPixelMask(cells, 8, grid);
    expect([...pixels.keys()].filter((i) => pixels[i] === 1)).toEqual([18, 19, 26, 27]);
  });

  test('the noise is rolled so that what would be drawn comes into the region', () => {
    const salience = new Float64Array(16);
    salience[0] = 1;
    salience[1] = 0.5;
    const cells = new Uint8Array(16);
    cells[10] = cells[11] = 1;
    const shift = bestShift(salience, cells, grid);
    expect(shift).toEqual({ rows: 2, columns: 2 });
    expect(roll(salience, shift, grid)[10]).toBe(1);
    expect(roll(Float32Array.from([...salience, ...salience]), shift, grid)[16 + 11]).toBe(0.5);
  });

  test('the model chooses the cells that it marks and those about them, within the allowed', () => {
    const salience = new Float64Array(16);
    salience[5] = 0.8;
    const allowed = new Uint8Array(16).fill(1);
    allowed[0] = 0;
    const chosen = chooseCells(salience, allowed, grid);
    expect([...chosen.keys()].filter((i) => chosen[i] === 1)).toEqual([1, 2, 4, 5, 6, 8, 9, 10]);
    expect([...chooseCells(new Float64Array(16), allowed, grid)]).toEqual([...allowed]);
  });
});

describe('filters', () => {
  test('a blur keeps what is level, and the sum of a spot far from the border', () => {
    for (const value of gaussianBlur(new Float64Array(81).fill(3), 9, 2)) expect(value).toBeCloseTo(3, 9);
    const spot = new Float64Array(169);
    spot[84] = 1;
    expect(gaussianBlur(spot, 13, 1).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
  });

  test('dilation takes the four neighbours and does not run over the border', () => {
    const mask = new Uint8Array(9);
    mask[2] = 1;
    expect([...dilate(mask, 3, 1)]).toEqual([0, 1, 1, 0, 0, 1, 0, 0, 0]);
  });
});

describe('composition', () => {
  const size = 48;
  const planes = (value: (x: number, y: number) => number): Float32Array =>
    Float32Array.from({ length: 3 * size * size }, (_, i) => value(i % size, Math.floor(i / size) % size));
  const disc = (x: number, y: number, radius: number): boolean => (x - 24) ** 2 + (y - 24) ** 2 < radius ** 2;
  const region = Uint8Array.from({ length: size * size }, (_, i) => (disc(i % size, Math.floor(i / size), 16) ? 1 : 0));
  const soft = Float64Array.from({ length: size * size }, (_, i) => (disc(i % size, Math.floor(i / size), 6) ? 1 : -1));
  const grain = Uint8Array.from({ length: 3 * size * size }, (_, i) => 120 + ((i * 7) % 11));

  test('a dark spot is put onto the photograph, whose grain stays', () => {
    const change = extractChange(
      planes((x, y) => (disc(x, y, 6) ? -0.5 : 0)),
      planes(() => 0),
      soft,
      region,
      size,
      20,
    );
    if (change === null) throw new Error('nothing was found');
    const image = applyChange(grain, change);
    const middle = 3 * (24 * size + 24);
    const drop = [0, 3, 6].map((i) => (grain[middle + i] ?? 0) - (image[middle + i] ?? 0));
    for (const value of drop) expect(value).toBeCloseTo(drop[0] ?? 0, -0.5);
    expect(drop[0]).toBeGreaterThan(50);
    const scores = computeScores(grain, image, change.mask, size);
    expect(scores.visibility).toBeGreaterThan(40);
    expect(scores.agreement).toBeGreaterThan(0.75);
    expect(scores.seam).toBeLessThan(8);
  });

  test('a region that came out lighter all over leaves no step', () => {
    const lighter = planes((x, y) => (disc(x, y, 16) ? 0.2 : 0) + (disc(x, y, 6) ? -0.5 : 0));
    const change = extractChange(
      lighter,
      planes(() => 0),
      soft,
      region,
      size,
      20,
    );
    if (change === null) throw new Error('nothing was found');
    const image = applyChange(grain, change);
    image.forEach((value, i) => {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      if (!disc(x, y, 11)) expect(Math.abs(value - (grain[i] ?? 0))).toBeLessThanOrEqual(2);
    });
  });

  test('a region of a few pixels is drawn in too', () => {
    for (const width of [1, 2, 3]) {
      const line = Uint8Array.from({ length: size * size }, (_, i) => {
        const [x, y] = [i % size, Math.floor(i / size)];
        return x >= 20 && x < 20 + width && y > 10 && y < 40 ? 1 : 0;
      });
      const marks = Float64Array.from(line, (value, i) => (value === 1 && i > 20 * size ? 1 : -1));
      const change = extractChange(
        planes((_x, y) => (y >= 20 ? -0.5 : 0)),
        planes(() => 0),
        marks,
        line,
        size,
        20,
      );
      if (change === null) throw new Error('nothing was found');
      const middle = 3 * (30 * size + 20 + (width >> 1));
      expect((grain[middle] ?? 0) - (applyChange(grain, change)[middle] ?? 0)).toBeGreaterThan(20);
    }
  });

  test('what is hardly added is not marked', () => {
    const slight = planes((x, y) => (disc(x, y, 6) ? -0.5 : 0));
    const change = extractChange(
      slight,
      planes(() => 0),
      soft,
      region,
      size,
      20,
    );
    const image = applyChange(grain, change ?? { colors: [new Float64Array(), new Float64Array(), new Float64Array()], opacity: new Float64Array() }); // prettier-ignore
    change?.mask.forEach((value, i) => {
      if (value === 1) expect(Math.abs((image[3 * i] ?? 0) - (grain[3 * i] ?? 0))).toBeGreaterThan(1);
    });
    expect(
      extractChange(
        planes((x, y) => (disc(x, y, 6) ? -0.02 : 0)),
        planes(() => 0),
        soft,
        region,
        size,
        20,
      ),
    ).toBeNull();
  });

  test('without a mark of the mask module there is no defect', () => {
    expect(
      extractChange(
        planes(() => 1),
        planes(() => 0),
        new Float64Array(size * size).fill(-1),
        region,
        size,
        20,
      ),
    ).toBeNull();
  });
});

test('scores of a picture without a mask are 0', () => {
  const picture = new Uint8Array(48);
  expect(computeScores(picture, picture, new Uint8Array(16), 4)).toEqual({ visibility: 0, agreement: 0, seam: 0 });
});
