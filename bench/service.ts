/**
 * What the service costs on top of the engine: images a second through GraphQL, with every sample's PNGs stored and its events
 * followed, over those of the bare engine for the same requests, turn and turn about; then the same beside a thousand
 * subscribers who wait for something else, and with two hundred who follow what is drawn.
 *
 *   npm run bench:service            (SAMPLES=24, ROUNDS=5, IDLE=1000, ACTIVE=200; the default model on PGlite)
 */
import type * as Engine from '../src/inference/index.js';
import { drawnBundle } from './bundle.ts';
import { importBuilt } from './importBuilt.ts';
import { openPglite } from './benchDatabases.ts';
import { catalogRows, waitingElsewhere } from './seedRows.ts';
import { childrenOf, cpuSecondsOf, memoryOf } from './processes.ts';
import { saveResults } from './saveResults.ts';
import type { Probe } from './server.ts';
import { GENERATE, GENERATION_INPUT, startServer } from './server.ts';
import { median, quantile, ratios, spread, formatSpread } from './statistics.ts';
import type { TimedEvent, Subscriber } from './subscribers.ts';
import { subscribe } from './subscribers.ts';
import { generateAll } from './generateAll.ts';

const { openEngine } = await importBuilt<typeof Engine>('inference/index.js');

const SAMPLES = Number(process.env['SAMPLES'] ?? 24);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const IDLE = Number(process.env['IDLE'] ?? 1000);
const ACTIVE = Number(process.env['ACTIVE'] ?? 200);
const GENERATIONS = 4;
const IDLE_SECONDS = 10;

const place = await openPglite();
// Made at a first start, as any tenant is.
await (await startServer({ dataDirectory: place.dataDirectory, kept: true })).stop();
await place.load([...catalogRows(1, 1), ...waitingElsewhere(IDLE)]);
const server = await startServer({ dataDirectory: place.dataDirectory });
const pid = server.process.pid ?? 0;
const engine = await openEngine({ modelsDirectory: 'models' });
const bundle = drawnBundle(engine);
const { defaults } = bundle.manifest;
const each = Math.ceil(SAMPLES / GENERATIONS);
const seedOf = (generation: number): number => 1000 * generation;

/** Images a second. */
async function bareEngine(): Promise<number> {
  const requests = Array.from({ length: each * GENERATIONS }, (_, i) => ({
    ...defaults,
    id: String(i),
    bundle: bundle.id,
    product: 'steel strip',
    defect: 'patch',
    seed: seedOf(Math.floor(i / each)) + (i % each),
    maskMode: 'AVERAGE_FEATURES' as const,
  }));
  const began = performance.now();
  await generateAll(engine, requests);
  return requests.length / ((performance.now() - began) / 1000);
}

interface Round {
  readonly imagesPerSecond: number;
  readonly eventsPerSecond: number;
  /** From the time that stands in the event to its arrival. */
  readonly lateMs: readonly number[];
  readonly loop: Probe;
  /** The server's own processor time per sample, in milliseconds. The device worker is another process. */
  readonly cpuMsEach: number;
}

async function throughGraphql(subscribersEach: number): Promise<Round> {
  const lateMs: number[] = [];
  const heard = ({ at }: TimedEvent): void => void lateMs.push(Date.now() - new Date(at).getTime());
  await server.probe();
  const cpuBefore = cpuSecondsOf(pid);
  const began = performance.now();
  const input = Array.from({ length: GENERATIONS }, (_, i) => ({ ...GENERATION_INPUT, count: each, seed: seedOf(i) }));
  const { generateDefects } = (await server.ask(GENERATE, { input })) as { generateDefects: { id: string }[] };
  const subscribers = generateDefects.flatMap(({ id }) =>
    Array.from({ length: subscribersEach }, () => subscribe(server.url, id, heard)),
  );
  await Promise.all(subscribers.map(({ completed }) => completed));
  const seconds = (performance.now() - began) / 1000;
  const loop = await server.probe();
  await Promise.all(subscribers.map((subscriber) => subscriber.close()));
  const samples = each * GENERATIONS;
  return {
    imagesPerSecond: samples / seconds,
    eventsPerSecond: lateMs.length / seconds,
    lateMs,
    loop,
    cpuMsEach: (1000 * (cpuSecondsOf(pid) - cpuBefore)) / samples,
  };
}

async function compare(what: string, subscribersEach: number) {
  const [engine, service]: [number[], Round[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    engine.push(await bareEngine());
    service.push(await throughGraphql(subscribersEach));
  }
  const images = service.map(({ imagesPerSecond }) => imagesPerSecond);
  const ratio = ratios(images, engine);
  const late = service.flatMap(({ lateMs }) => lateMs);
  const figures = {
    engine: spread(engine),
    service: spread(images),
    ratio,
    eventsPerSecond: spread(service.map(({ eventsPerSecond }) => eventsPerSecond)),
    eventMs: { p50: median(late), p99: quantile(late, 0.99) },
    loopP99Ms: Math.max(...service.map(({ loop }) => loop.p99Ms)),
    loopWorstOwnMs: Math.max(...service.map(({ loop }) => loop.ownMs)),
    cpuMsEach: median(service.map(({ cpuMsEach }) => cpuMsEach)),
    memory: memoryOf(pid),
  };
  console.log(
    `${what}: engine ${formatSpread(figures.engine, 2)} images/s, service ${formatSpread(figures.service, 2)}, ratio ${formatSpread(ratio, 3)}\n` +
      `  event loop: p99 ${figures.loopP99Ms.toFixed(1)} ms late, worst turn of its own work ${figures.loopWorstOwnMs.toFixed(1)} ms; ` +
      `server ${figures.memory.rss.toFixed(0)} MB, ${figures.cpuMsEach.toFixed(0)} ms of its processor time a sample\n` +
      `  ${formatSpread(figures.eventsPerSecond)} events/s delivered, ${figures.eventMs.p50.toFixed(0)} ms after the event (p99 ${figures.eventMs.p99.toFixed(0)} ms)`,
  );
  return figures;
}

/** The share of one core that the server uses while nothing is drawn. */
async function restingShare(): Promise<number> {
  const before = cpuSecondsOf(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  return (cpuSecondsOf(pid) - before) / IDLE_SECONDS;
}

async function connectIdle(): Promise<Subscriber[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ids.length < IDLE;) {
    const { generations: page } = (await server.ask(
      'query ($after: String) { generations(first: 100, after: $after, filter: { status: [QUEUED] }) { edges { node { id } } pageInfo { endCursor } } }',
      { after },
    )) as { generations: { edges: { node: { id: string } }[]; pageInfo: { endCursor: string } } };
    ids.push(...page.edges.map(({ node }) => node.id));
    after = page.pageInfo.endCursor;
  }
  return ids.map((id) => subscribe(server.url, id, () => undefined));
}

try {
  // Once unmeasured: code that runs for the first time is compiled.
  await bareEngine();
  await throughGraphql(1);
  const alone = await compare('one subscriber each', 1);
  const resting = { share: await restingShare(), memory: memoryOf(pid) };
  const idlers = await connectIdle();
  await new Promise((resolve) => setTimeout(resolve, 1000 * IDLE_SECONDS));
  const waiting = { share: await restingShare(), memory: memoryOf(pid) };
  const idleCost =
    `${(waiting.memory.rss - resting.memory.rss).toFixed(0)} MB, ` +
    `${(100 * waiting.share).toFixed(0)} % of a core at rest, ${(100 * resting.share).toFixed(0)} % without them`;
  console.log(`${String(IDLE)} idle subscribers: ${idleCost}`);
  const beside = await compare(`beside ${String(IDLE)} idle subscribers`, 1);
  await Promise.all(idlers.map((idler) => idler.close()));
  const followed = await compare(`${String(ACTIVE)} active subscribers`, ACTIVE / GENERATIONS);
  const devices = childrenOf(pid).map(memoryOf);
  saveResults(
    'service',
    { samples: SAMPLES, rounds: ROUNDS, alone, resting, waiting, beside, followed, devices },
    {
      'service over engine, images/s': formatSpread(alone.ratio, 3),
      'event loop while drawing, p99': `${alone.loopP99Ms.toFixed(1)} ms late`,
      [`${String(IDLE)} idle subscribers`]: `${idleCost}; images/s over the engine's ${formatSpread(beside.ratio, 3)}`,
      [`${String(ACTIVE)} active subscribers`]: `${formatSpread(followed.eventsPerSecond)} events/s, p99 ${followed.eventMs.p99.toFixed(0)} ms`,
    },
  );
} finally {
  await engine.close();
  await server.stop();
}
