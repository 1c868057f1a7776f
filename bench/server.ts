/** The built service in a process of its own, on a data directory that goes with it, and a client of it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const KEY = 'a-key-for-the-bench';
/** A pair that the default bundle knows. */
export const GENERATION_INPUT = { partNumber: 'STEEL_STRIP', defectCode: 'PATCH' } as const;
export const GENERATE = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

export interface Server {
  readonly url: string;
  readonly process: ChildProcess;
  /** Milliseconds from the spawn until a line that matches was printed, for those that were. */
  readonly printedAt: ReadonlyMap<string, number>;
  ask(query: string, variables?: object, key?: string): Promise<Json>;
  /** The worst turns of its event loop since the last call; see loopProbe.ts. */
  probe(): Promise<Probe>;
  stop(): Promise<void>;
}

export interface Probe {
  readonly lateMs: number;
  readonly ownMs: number;
  /** The 99th percentile of the delay of a timer that ticks every 5 ms. */
  readonly p99Ms: number;
}

/** A bench that is ended early takes its servers with it. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

export function newDataDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'defectdiffu-bench-'));
}

interface Start {
  readonly env?: Record<string, string>;
  /** Removed when the service stops, unless it is `kept`. */
  readonly dataDirectory?: string;
  readonly kept?: boolean;
}

export async function startServer({
  env = {},
  dataDirectory = newDataDirectory(),
  kept = false,
}: Start = {}): Promise<Server> {
  const child = spawn(process.execPath, ['--import', './bench/loopProbe.ts', 'dist/main.js'], {
    env: {
      ...process.env,
      PORT: '0',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDirectory,
      DEFECTDIFFU_API_KEY: KEY,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const began = performance.now();
  const printedAt = new Map<string, number>();
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    for (const line of chunk.toString().split('\n'))
      if (!printedAt.has(line)) printedAt.set(line, performance.now() - began);
  });

  async function seen(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(printed)?.[1];
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`the service ended:\n${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const url = await seen(/DefectDiffu serves (\S+)/);
  return {
    url,
    process: child,
    printedAt,
    ask: (query, variables, key) => ask(url, query, variables, key),
    async probe() {
      printed = '';
      child.kill('SIGUSR2');
      return JSON.parse(await seen(/probe (\{.*\})/)) as Probe;
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      if (!kept) rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function ask(url: string, query: string, variables: object = {}, key: string = KEY): Promise<Json> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as Json;
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}
