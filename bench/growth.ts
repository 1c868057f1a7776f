/**
 * What grows with the number of samples that one process has drawn: the memory of the server and of its device worker, the time
 * that a sample takes, and the size of the database. Few steps a sample, so that there are many of them.
 *
 *   npm run bench:growth            (MINUTES=4, STEPS=2; the default model on PGlite)
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, memoryOf } from './processes.ts';
import { keep } from './results.ts';
import { GENERATE, WISH, newDataDirectory, startServer } from './server.ts';
import type { Slope } from './statistics.ts';
import { mean, slopeOf } from './statistics.ts';

const MINUTES = Number(process.env['MINUTES'] ?? 4);
const STEPS = Number(process.env['STEPS'] ?? 2);
const EACH = 100;
/** Of the time: caches fill, code is compiled, the allocator finds its size. */
const WARM_UP = 0.25;

interface Point {
  readonly samples: number;
  readonly serverMb: number;
  readonly deviceMb: number;
  readonly devicePssMb: number | null;
  readonly databaseMb: number;
  readonly msEach: number;
}

const dataDirectory = newDataDirectory();
const server = await startServer({ dataDirectory });
const pid = server.process.pid ?? 0;

async function drawSome(): Promise<number> {
  const began = performance.now();
  const { generateDefects } = (await server.ask(GENERATE, { input: [{ ...WISH, count: EACH, steps: STEPS }] })) as {
    generateDefects: [{ id: string }];
  };
  const query = 'query ($id: ID!) { generation(id: $id) { status } }';
  for (;;) {
    const { generation } = (await server.ask(query, { id: generateDefects[0].id })) as {
      generation: { status: string };
    };
    if (generation.status === 'SUCCEEDED') return (performance.now() - began) / EACH;
    if (generation.status === 'FAILED') throw new Error('a generation failed');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Of the files of the database, megabytes. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, { parentPath, name }) =>
        sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20,
      0,
    );
}

const points: Point[] = [];
try {
  const until = performance.now() + 60_000 * MINUTES;
  for (let samples = EACH; performance.now() < until; samples += EACH) {
    const msEach = await drawSome();
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

const counted = points.slice(Math.floor(WARM_UP * points.length));
const per1000 = (measure: (point: Point) => number): Slope => {
  const { slope, within } = slopeOf(counted.map((point) => [point.samples, measure(point)]));
  return { slope: 1000 * slope, within: 1000 * within };
};
const measures = {
  'server, MB': (point: Point) => point.serverMb,
  'device worker, MB': (point: Point) => point.deviceMb,
  'database, MB': (point: Point) => point.databaseMb,
  'a sample, ms': (point: Point) => point.msEach,
};
const total = points.at(-1)?.samples ?? 0;
console.log(`${String(total)} samples of ${String(STEPS)} steps; the first quarter does not count`);
const growth = Object.fromEntries(
  Object.entries(measures).map(([name, measure]) => {
    const slope = per1000(measure);
    const level = mean(counted.map(measure));
    console.log(
      `  ${name.padEnd(18)} ${level.toFixed(0).padStart(5)} on average, ${slope.slope.toFixed(2)} ± ${slope.within.toFixed(2)} more per 1000 samples`,
    );
    return [name, { level, ...slope }];
  }),
);
keep(
  'growth',
  { minutes: MINUTES, steps: STEPS, total, growth, points },
  Object.fromEntries(
    Object.entries(growth).map(([name, { slope, within }]) => [
      `per 1000 samples: ${name}`,
      `${slope.toFixed(2)} ± ${within.toFixed(2)}`,
    ]),
  ),
);
