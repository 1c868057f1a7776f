/**
 * What a defect on a photograph costs against a sample from noise: one of each in turn, alone, on the default bundle with its
 * defaults, and with its student. int8 graphs, a 512 px photograph with one region; the time from the request to the encoded
 * PNG files.
 *
 *   npm run bench:photograph            (ROUNDS=12)
 */
import { performance } from 'node:perf_hooks';
import sharp from 'sharp';
import type * as Engine from '../src/inference/index.js';
import { drawnBundle } from './bundle.ts';
import { saveResults } from './saveResults.ts';
import { formatSpread, median, ratios, spread } from './statistics.ts';

const built = new URL('../dist/inference/index.js', import.meta.url);
const { openEngine } = (await import(built.href)) as typeof Engine;

const ROUNDS = Number(process.env['ROUNDS'] ?? 12);

const image = await sharp('test/photographs/fabric.png').resize(512, 512).png().toBuffer();
const inside = Uint8Array.from({ length: 512 * 512 }, (_, i) => {
  const [x, y] = [i % 512, Math.floor(i / 512)];
  return (x - 300) ** 2 + (y - 220) ** 2 < 45 ** 2 ? 255 : 0;
});
const mask = await sharp(inside, { raw: { width: 512, height: 512, channels: 1 } })
  .png()
  .toBuffer();

const engine = await openEngine({ modelsDirectory: 'models', precision: 'int8' });
const bundle = drawnBundle(engine);
const { defaults } = bundle.manifest;
const common = {
  bundle: bundle.id,
  product: 'fabric',
  defect: 'stain',
  ...defaults,
  maskMode: 'AVERAGE_FEATURES',
} as const;
const inpainting = { image, existingMask: null, region: { kind: 'MASK', mask }, denoisingStrength: 0.8 } as const;
const kinds = {
  'from noise': {},
  'on a photograph': { guidance: 'PRODUCT_RELATIVE', inpainting },
  'on a photograph, guided as from noise': { inpainting },
  'on a photograph, 4 steps of the student': { sampler: 'TURBO', steps: 4, inpainting },
} as const;

let drawn = 0;
async function time(changes: (typeof kinds)[keyof typeof kinds]): Promise<number> {
  const id = String(++drawn);
  const began = performance.now();
  await engine.generate({ ...common, ...changes, id, seed: drawn });
  return performance.now() - began;
}

try {
  const times = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
  // One round unmeasured: code that runs for the first time is compiled.
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, changes] of Object.entries(kinds)) {
      const ms = await time(changes);
      if (round > 0) times.get(name)?.push(ms);
    }
  const base = times.get('from noise') ?? [];
  const headlines: Record<string, string> = {};
  for (const [name, each] of times) {
    headlines[name] = `${median(each).toFixed(0)} ms, ${formatSpread(ratios(each, base))} of a sample from noise`;
    console.log(`${name}: ${headlines[name]}`);
  }
  saveResults(
    'photograph',
    { rounds: ROUNDS, ms: Object.fromEntries([...times].map(([name, each]) => [name, spread(each)])) },
    headlines,
  );
} finally {
  await engine.close();
}
