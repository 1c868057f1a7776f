/**
 * Generated hostile operations and messages, over all transports. `npm run fuzz` is the long form. FUZZ_SEED repeats a
 * run: its operations are the same, and only their order of arrival differs.
 */
import { readFileSync } from 'node:fs';
import type { Attack, Target } from '../support/fuzz/attacks.js';
import { artifact, body, bytes, createTalkers, get, post, stream, upload } from '../support/fuzz/attacks.js';
import { mcp } from '../support/fuzz/mcpAttack.js';
import { createRandom } from '../support/fuzz/random.js';
import type { Server } from '../support/server.js';
import { TEST_KEY, startServer } from '../support/server.js';
import { createKey } from '../support/tenancy.js';
import { until } from '../support/until.js';
import { MASK, createUpload } from '../support/uploads.js';

const OPERATIONS = Number(process.env['FUZZ_OPERATIONS'] ?? 800);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const IS_LONG = OPERATIONS > 10_000;
const CALLERS = 12;
/** Of the test. It is far from what a run takes, on a busy machine too. */
const TIMEOUT_MS = 600_000 + OPERATIONS * 250;
/** The event loop is asked for its longest turn after so many operations. */
const PROBED = 100;
/** The long form tells how far it is. */
const PROGRESS = 1_000;
/** Processor time of the thread in one turn of the event loop. Wide in the gate, which runs beside other tests. */
const TURN_MS = IS_LONG ? 250 : 1_000;
/** What the thread holds after a collection may grow by so much after the first quarter, in which caches fill. */
const HELD_GROWTH_MB = 30;
/** The memory of the process may grow by so much more: V8 collects late where the machine has room. */
const GROWTH_MB = 150;

interface Probe {
  readonly ownMs: number;
}

/** What bench/loopProbe.ts says at a signal, after this word. */
async function said(server: Server, signal: NodeJS.Signals, word: string): Promise<unknown> {
  const before = server.output().length;
  server.process.kill(signal);
  return JSON.parse(await until(() => new RegExp(`${word} (\\{.*\\})`).exec(server.output().slice(before))?.[1]));
}

const probe = async (server: Server): Promise<Probe> => (await said(server, 'SIGUSR2', 'probe')) as Probe;

interface Held {
  readonly heapMb: number;
  readonly externalMb: number;
}

/** What is left after a collection of garbage. */
async function collected(server: Server): Promise<Held & { readonly processMb: number }> {
  const held = (await said(server, 'SIGWINCH', 'held')) as Held;
  return { ...held, processMb: Math.round(memoryMb(server)) };
}

function memoryMb(server: Server): number {
  const status = readFileSync(`/proc/${String(server.process.pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

test(
  `${String(OPERATIONS)} hostile operations: no crash, no fault, no long turn, no leak`,
  async () => {
    const server = await startServer({
      NODE_OPTIONS: '--import ./bench/loopProbe.ts --disable-warning=ExperimentalWarning',
      MAX_QUEUED_SAMPLES: '50',
      QUOTA_CONCURRENT_GENERATIONS: '4',
      MCP: 'true',
      LOG_LEVEL: 'warn',
    });
    const viewer = (await createKey(server, { role: 'VIEWER' })).secret as string;
    const uploads: string[] = [];
    for (let i = 0; i < Math.min(100, OPERATIONS / 50); i++)
      uploads.push((await createUpload(server, MASK)).url as string);
    const target: Target = { url: server.url, keys: [TEST_KEY, TEST_KEY, viewer], uploads };
    const talkers = createTalkers(8);
    const attacks: readonly (readonly [share: number, name: string, attack: Attack])[] = [
      [40, 'POST', post],
      [5, 'MCP', mcp],
      [25, 'WebSocket', talkers.attack],
      [6, 'GET', get],
      [8, 'body', body],
      [6, 'event stream', stream],
      [5, 'upload', upload],
      [3, 'artifact', artifact],
      [2, 'bytes', bytes],
    ];
    const kinds = attacks.flatMap(([share, name, attack]) => Array.from({ length: share }, () => ({ name, attack })));
    const sent = new Map<string, number>();
    const faults: string[] = [];
    const turns: number[] = [];
    let next = 0;
    let early: Awaited<ReturnType<typeof collected>> | undefined;

    const progress = (operations: number): string =>
      `${String(operations)} operations: ${String(faults.length)} faults, longest turn ${Math.max(...turns).toFixed(0)} ms, ` +
      `${memoryMb(server).toFixed(0)} MB`;

    const found = (fault: string): void => {
      faults.push(fault);
      if (IS_LONG) process.stdout.write(`${fault}\n`);
    };

    async function attackOn(): Promise<void> {
      while (next < OPERATIONS && server.process.exitCode === null) {
        const number = next++;
        // Each operation has a seed of its own, so that it can be repeated alone.
        const random = createRandom(SEED * 1_000_003 + number);
        const { name, attack } = random.pick(kinds);
        sent.set(name, (sent.get(name) ?? 0) + 1);
        const answer = await attack(target, random).catch((error: unknown) => `no answer: ${String(error)}`);
        const fault = /.{0,200}INTERNAL_SERVER_ERROR.{0,100}|^(no answer|5(?!03)\d\d ).{0,300}/.exec(answer);
        if (fault !== null) found(`${String(number)} ${name}: ${fault[0]}`);
        if (number === Math.floor(OPERATIONS / 4)) early = await collected(server);
        if (number % PROBED === PROBED - 1) turns.push((await probe(server)).ownMs);
        if (IS_LONG && number % PROGRESS === PROGRESS - 1) process.stdout.write(`${progress(number + 1)}\n`);
      }
    }

    // The turns of the start are not the attackers'.
    const { ownMs: startTurnMs } = await probe(server);
    await Promise.all(Array.from({ length: CALLERS }, attackOn));
    talkers.close();
    const logged = server
      .output()
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"|^\S*Error|^ +at /.test(line));
    expect({ faults, logged }).toEqual({ faults: [], logged: [] });
    expect(server.process.exitCode).toBeNull();
    turns.push((await probe(server)).ownMs);
    const worstMs = Math.max(...turns);
    const late = await collected(server);
    const figures = {
      seed: SEED,
      sent: Object.fromEntries(sent),
      startTurnMs: Math.round(startTurnMs),
      worstTurnMs: Math.round(worstMs),
      worstTurnAt: turns.indexOf(worstMs) * PROBED,
      turnsOver100Ms: turns.filter((ms) => ms > 100).map(Math.round),
      early,
      late,
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect((await server.data('{ serverInfo { version } }')).serverInfo.version).toBeDefined();
    expect(worstMs).toBeLessThan(TURN_MS);
    if (early === undefined) throw new Error('the first quarter was not measured');
    expect(late.heapMb + late.externalMb - early.heapMb - early.externalMb).toBeLessThan(HELD_GROWTH_MB);
    expect(late.processMb - early.processMb).toBeLessThan(GROWTH_MB);
  },
  TIMEOUT_MS,
);
