/** The real program in its own process, on a free port, with its own data directory; and a client of it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ON_POSTGRES, databaseEnvironment } from './database.js';
import { endProgram, startProgram } from './program.js';

/** Random weights behind the real contract: real graphs through the real engine, in milliseconds. */
export const TINY_MODELS = join(process.cwd(), 'test', 'inference', 'models');
export const TEST_KEY = 'a-key-for-tests';

export interface ApiError {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly [name: string]: unknown };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface Answer {
  readonly data?: Json;
  readonly errors?: readonly ApiError[];
}

export interface Server {
  readonly url: string;
  readonly dataDirectory: string;
  readonly process: ChildProcess;
  /** Everything printed so far. */
  output(): string;
  ask(query: string, variables?: object, key?: string): Promise<Answer>;
  /** The data of a query that must succeed. */
  data(query: string, variables?: object, key?: string): Promise<Json>;
  /** The one error of a query that must fail. */
  error(query: string, variables?: object, key?: string): Promise<ApiError>;
  subscribe(query: string, variables?: object, key?: string): AsyncIterableIterator<Answer>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
const folders: string[] = [];

/** Servers that outlive the current test; the others end with it, for what they still draw takes the others' time. */
let outliving: ReadonlySet<ChildProcess> = new Set();
beforeEach(() => {
  outliving = new Set(running);
});
afterEach(() => Promise.all([...running].filter((child) => !outliving.has(child)).map(endProgram)));

afterAll(async () => {
  await Promise.all([...running].map(endProgram));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-'));
  folders.push(folder);
  return folder;
}

/** With a certificate in it, and an empty database, unless the tests run on PostgreSQL. */
export function newDataDirectory(): string {
  const folder = newFolder();
  const template = process.env['TEST_DATA_TEMPLATE'] ?? '';
  for (const part of ON_POSTGRES ? ['marking'] : ['marking', 'db'])
    cpSync(join(template, part), join(folder, part), { recursive: true });
  return folder;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** For starts that must fail, by default before a database is opened: runs the program to its end. */
export async function runToEnd(env: Record<string, string>): Promise<Finished> {
  const { child, printed } = start({ DATA_DIR: newFolder(), ...env });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: printed.stdout, stderr: printed.stderr };
}

function start(env: Record<string, string>) {
  const child = startProgram('main.js', [], { PORT: '0', MODELS_DIR: TINY_MODELS, MAX_ROWS: '6', ...env });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  return { child, printed };
}

/** It ends with the test that starts it, or with the file if it is started before its tests or is to be kept. */
export async function startServer(env: Record<string, string> = {}, { keep = false } = {}): Promise<Server> {
  const ownDatabase = env['DATABASE_URL'] !== undefined;
  const dataDirectory = env['DATA_DIR'] ?? (ownDatabase ? newFolder() : newDataDirectory());
  const database = ownDatabase ? {} : await databaseEnvironment(dataDirectory);
  const { child, printed } = start({ DEFECTDIFFU_API_KEY: TEST_KEY, DATA_DIR: dataDirectory, ...database, ...env });
  if (keep) outliving = new Set([...outliving, child]);
  const output = () => printed.stdout + printed.stderr;
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /DefectDiffu serves (\S+)/.exec(printed.stdout)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => reject(new Error(`the service did not start:\n${output()}`)));
  });

  async function ask(query: string, variables: object = {}, key: string = TEST_KEY): Promise<Answer> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return (await response.json()) as Answer;
  }

  return {
    url,
    dataDirectory,
    process: child,
    output,
    ask,
    async data(query, variables, key) {
      const answer = await ask(query, variables, key);
      if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors, null, 1));
      return answer.data;
    },
    async error(query, variables, key) {
      const { errors, data } = await ask(query, variables, key);
      const [error] = errors ?? [];
      if (error === undefined) throw new Error(`expected an error, got ${JSON.stringify(data)}`);
      return error;
    },
    subscribe: (query, variables, key = TEST_KEY) => subscribe(url, query, variables, key),
    async stop() {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'close')) as [number | null];
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

export async function* subscribe(
  url: string,
  query: string,
  variables: object = {},
  key = '',
): AsyncIterableIterator<Answer> {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  });
  try {
    yield* client.iterate({ query, variables: variables as Record<string, unknown> }) as AsyncIterableIterator<Answer>;
  } finally {
    await client.dispose();
  }
}
