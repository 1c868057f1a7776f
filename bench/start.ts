/**
 * From nothing to ready and to the first image: on an empty data directory, and on one that was used before. Split where the
 * log tells; against the start of Node itself.
 *
 *   npm run bench:start            (ROUNDS=5; the default model on PGlite)
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { saveResults } from './saveResults.ts';
import type { Server } from './server.ts';
import { GENERATE, GENERATION_INPUT, newDataDirectory, startServer } from './server.ts';
import type { Spread } from './statistics.ts';
import { spread, formatSpread } from './statistics.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);

/** Milliseconds since the process was started. */
interface Start {
  readonly deviceReady: number;
  readonly listening: number;
  readonly ready: number;
  readonly firstImage: number;
}

async function start(dataDirectory: string): Promise<Start> {
  const began = performance.now();
  const server = await startServer({ dataDirectory, kept: true, env: { LOG_LEVEL: 'info' } });
  await untilReady(server);
  const ready = performance.now() - began;
  await firstImage(server);
  const drawn = performance.now() - began;
  await server.stop();
  const said = (pattern: RegExp): number =>
    [...server.printedAt].find(([line]) => pattern.test(line))?.[1] ?? Number.NaN;
  return {
    deviceReady: said(/device cpu is ready/),
    listening: said(/service is up/),
    ready,
    firstImage: drawn,
  };
}

async function untilReady({ url }: Server): Promise<void> {
  while (!(await fetch(new URL('/readyz', url))).ok) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** From the request to the last byte of its PNG. */
async function firstImage({ ask }: Server): Promise<void> {
  const { generateDefects } = (await ask(GENERATE, { input: [GENERATION_INPUT] })) as {
    generateDefects: [{ id: string }];
  };
  const query = 'query ($id: ID!) { generation(id: $id) { samples { edges { node { image { url } } } } } }';
  for (;;) {
    const { generation } = (await ask(query, { id: generateDefects[0].id })) as {
      generation: { samples: { edges: { node: { image: { url: string } } }[] } };
    };
    const [first] = generation.samples.edges;
    if (first !== undefined) return void (await (await fetch(first.node.image.url)).arrayBuffer());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function startOfNode(): number {
  const began = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}

const [cold, warm, bare]: [Start[], Start[], number[]] = [[], [], []];
for (let round = 0; round < ROUNDS; round++) {
  const dataDirectory = newDataDirectory();
  try {
    cold.push(await start(dataDirectory));
    warm.push(await start(dataDirectory));
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
  bare.push(startOfNode());
}

const phases = ['deviceReady', 'listening', 'ready', 'firstImage'] as const;
const spreads = (starts: readonly Start[]): Record<(typeof phases)[number], Spread> =>
  Object.fromEntries(phases.map((phase) => [phase, spread(starts.map((one) => one[phase]))])) as never;
const node = spread(bare);
const figures = { 'on an empty data directory': spreads(cold), 'on one that was used': spreads(warm) };
console.log(`node -e 0: ${formatSpread(node, 0)} ms`);
for (const [name, each] of Object.entries(figures)) {
  console.log(`${name}, ms since the process was started:`);
  for (const phase of phases)
    console.log(
      `  ${phase.padEnd(12)} ${formatSpread(each[phase], 0)}, ${(each[phase].median / node.median).toFixed(1)} × node`,
    );
}
saveResults(
  'start',
  { rounds: ROUNDS, node, ...figures },
  Object.fromEntries(
    Object.entries(figures).map(([name, { ready, firstImage: image }]) => [
      `start ${name}`,
      `ready after ${formatSpread(ready, 0)} ms, first image after ${formatSpread(image, 0)} ms; node alone ${formatSpread(node, 0)} ms`,
    ]),
  ),
);
