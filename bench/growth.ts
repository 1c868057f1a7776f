/**
 * What grows with the number of samples that one process has drawn: the memory of the server and of its device worker, the time
 * that a sample takes, and the size of the database. Once with the default model, and once with the tests' tiny one of random
 * weights, which takes milliseconds: what grows in the server grows with samples, not with their size. Few steps, for many samples.
 *
 *   npm run bench:growth            (MINUTES=3 each, STEPS=2; on PGlite)
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, memoryOf } from './processes.ts';
import { saveResults } from './saveResults.ts';
import type { Server } from './server.ts';
import { GENERATE, GENERATION_INPUT, newDataDirectory, startServer } from './server.ts';
import { mean, slopeOf } from './statistics.ts';

const MINUTES = Number(process.env['MINUTES'] ?? 3);
const STEPS = Number(process.env['STEPS'] ?? 2);
const EACH = 100;
/** The share of the time that is not measured: caches fill, code is compiled, the allocator finds its size. */
const WARM_UP = 0.5;
/** However short the time: a slope with an interval needs four of them after the warm-up. */
const LEAST_POINTS = 8;

interface Point {
  readonly samples: number;
  readonly serverMb: number;
  readonly deviceMb: number;
  readonly devicePssMb: number | null;
  readonly databaseMb: number;
  readonly msEach: number;
}

interface Case {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly wish: object;
}

const CASES: readonly Case[] = [
  { name: 'default model', env: {}, wish: GENERATION_INPUT },
  {
    name: 'tiny model',
    env: { MODELS_DIR: 'test/inference/models' },
    wish: { partNumber: 'TILE', defectCode: 'CRACK', sampler: 'DDIM' },
  },
];

/** Milliseconds a sample. */
async function drawSome({ ask }: Server, wish: object): Promise<number> {
  const began = performance.now();
  const { generateDefects } = (await ask(GENERATE, { input: [{ ...wish, count: EACH, steps: STEPS }] })) as {
    generateDefects: [{ id: string }];
  };
  const query = 'query ($id: ID!) { generation(id: $id) { status } }';
  for (;;) {
    const { generation } = (await ask(query, { id: generateDefects[0].id })) as { generation: { status: string } };
    if (generation.status === 'SUCCEEDED') return (performance.now() - began) / EACH;
    if (generation.status === 'FAILED') throw new Error('a generation failed');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The size of the files in a folder, in megabytes. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, { parentPath, name }) =>
        sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20,
      0,
    );
}

async function pointsOf({ env, wish }: Case): Promise<readonly Point[]> {
  const dataDirectory = newDataDirectory();
  const server = await startServer({ dataDirectory, env });
  const pid = server.process.pid ?? 0;
  const points: Point[] = [];
  try {
    const until = performance.now() + 60_000 * MINUTES;
    for (let samples = EACH; performance.now() < until || points.length < LEAST_POINTS; samples += EACH) {
      const msEach = await drawSome(server, wish);
      const [device] = childrenOf(pid).map(memoryOf);
      points.push({
        samples,
        serverMb: memoryOf(pid).rss,
        deviceMb: device?.rss ?? NaN,
        devicePssMb: device?.pss ?? null,
        databaseMb: sizeOf(join(dataDirectory, 'db')),
        msEach,
      });
    }
  } finally {
    await server.stop();
  }
  return points;
}

const MEASURES = {
  'server, MB': (point: Point) => point.serverMb,
  'device worker, MB': (point: Point) => point.deviceMb,
  'database, MB': (point: Point) => point.databaseMb,
  'a sample, ms': (point: Point) => point.msEach,
};

const headlines: Record<string, string> = {};
const figures: Record<string, object> = {};
for (const one of CASES) {
  const points = await pointsOf(one);
  const counted = points.slice(Math.floor(WARM_UP * points.length));
  const total = points.at(-1)?.samples ?? 0;
  console.log(`${one.name}, ${String(total)} samples of ${String(STEPS)} steps; the first half does not count`);
  const growth = Object.entries(MEASURES).map(([name, measure]) => {
    const { slope, within } = slopeOf(counted.map((point) => [point.samples / 1000, measure(point)]));
    const level = mean(counted.map(measure));
    const told = `${slope.toFixed(2)} ± ${within.toFixed(2)} more per 1000 samples`;
    console.log(`  ${name.padEnd(18)} ${level.toFixed(0).padStart(5)} on average, ${told}`);
    headlines[`${one.name}: ${name}`] = told;
    return { name, level, slope, within };
  });
  figures[one.name] = { total, growth, points };
}
saveResults('growth', { minutes: MINUTES, steps: STEPS, ...figures }, headlines);
