/**
 * The random number generator: a seed gives the same noise on every machine, here and in the training package.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) is a pure function of
 * (counter, key), so any block of any stream can be computed without the blocks before it. Box–Muller turns its words into normals.
 *
 *   key = (seed low 32 bits, seed >>> 32)     counter = (block, stream, 0, 0)
 *
 * Stream 0 is the initial latent. Stream 1 + i is the noise that step i of an ancestral sampler adds. Streams 5000 and 5001 place regions
 * and windows (defectShapes.ts, window.ts).
 */

export type Words4 = readonly [number, number, number, number];

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the 64-bit product of two unsigned 32-bit words, computed in halves: no partial sum exceeds 2⁵³. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const [lowHigh, highLow] = [aLow * bHigh, aHigh * bLow];
  const middle = ((aLow * bLow) >>> 16) + (lowHigh & 0xffff) + (highLow & 0xffff);
  return (aHigh * bHigh + (lowHigh >>> 16) + (highLow >>> 16) + (middle >>> 16)) >>> 0;
}

/** Philox4x32 with 10 rounds: four words out of a counter of four and a key of two, all unsigned 32-bit. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Writes two standard normals, made of two words (Box–Muller), at `start`. u = (word + ½) / 2³² is never 0. */
function boxMuller(word0: number, word1: number, noise: Float32Array, start: number): void {
  const radius = Math.sqrt(-2 * Math.log((word0 + 0.5) / 2 ** 32));
  const angle = (2 * Math.PI * (word1 + 0.5)) / 2 ** 32;
  // Writing past the end of a typed array does nothing, so excess values are dropped.
  noise[start] = radius * Math.cos(angle);
  noise[start + 1] = radius * Math.sin(angle);
}

/** `count` numbers of one stream of a seed, uniform in (0, 1): u = (word + ½) / 2³². */
export function uniforms(seed: number, stream: number, count: number): number[] {
  const blocks = Array.from({ length: Math.ceil(count / 4) }, (_, block) =>
    philox4x32([block, stream, 0, 0], keyOf(seed)),
  );
  return blocks
    .flat()
    .slice(0, count)
    .map((word) => (word + 0.5) / 2 ** 32);
}

function keyOf(seed: number): readonly [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** `count` standard normals of one stream of a seed. They fill a tensor in row-major order. */
export function gaussianNoise(seed: number, stream: number, count: number): Float32Array<ArrayBuffer> {
  const key = keyOf(seed);
  const noise = new Float32Array(count);
  for (let block = 0; 4 * block < count; block++) {
    const [w0, w1, w2, w3] = philox4x32([block, stream, 0, 0], key);
    boxMuller(w0, w1, noise, 4 * block);
    boxMuller(w2, w3, noise, 4 * block + 2);
  }
  return noise;
}
