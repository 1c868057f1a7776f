/** A PostgreSQL server of the tests' own: a new cluster in a temporary folder, on a free port of the loopback. */
import type { SpawnOptions } from 'node:child_process';
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { endDaemon, freePort, pauseDaemon, resumeDaemon, startDaemon } from './daemon.js';

const DEBIAN = '/usr/lib/postgresql';
/** What the service connects as: no superuser, for row-level security does not bind one. */
const ROLE = 'defectdiffu';

export interface Postgres {
  /** Of a first, empty database. */
  readonly url: string;
  /** The same database as the superuser. */
  readonly adminUrl: string;
  /** One more empty database; returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** SIGKILL of every process of it: what had been committed is there after `start`. */
  kill(): Promise<void>;
  /** The "fast" shutdown: connections are cut, nothing needs recovery. */
  stop(): Promise<void>;
  /** After `kill` or `stop`: the same data, the same URL. */
  start(): Promise<void>;
  /** Every process of it stands still with its sockets open. */
  pause(): void;
  resume(): void;
  /** Ends it, if it runs, and removes its data. */
  remove(): Promise<void>;
}

/** Why there can be none here; undefined where there can. */
export function whyNoPostgres(): string | undefined {
  return programs() === undefined ? `no initdb and postgres in PATH or ${DEBIAN}/*/bin` : undefined;
}

export async function startPostgres(): Promise<Postgres> {
  const bin = programs();
  if (bin === undefined) throw new Error(`PostgreSQL is needed: ${whyNoPostgres() ?? ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-postgres-'));
  const user = ordinaryUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const options: SpawnOptions = { ...user, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  const data = join(folder, 'data');
  const cluster = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  execFileSync(join(bin, 'initdb'), cluster, { ...options, stdio: 'pipe' });

  const port = await freePort();
  const urlOf = (role: string, database: string) => `postgres://${role}@127.0.0.1:${String(port)}/${database}`;
  const asAdmin = (statement: string) => query(urlOf('postgres', 'postgres'), statement);
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${String(port)}`,
    'unix_socket_directories=',
    'max_connections=200',
    // A killed process loses nothing that the kernel has taken; only a lost machine would.
    'fsync=off',
  ];
  const launch = () =>
    startDaemon({
      command: join(bin, 'postgres'),
      args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      options,
      logFile: join(folder, 'log'),
      isUp: () => asAdmin('select 1'),
    });
  async function createDatabase(name: string): Promise<string> {
    await asAdmin(`create database ${pg.escapeIdentifier(name)} owner ${ROLE}`);
    return urlOf(ROLE, name);
  }

  let server = await launch();
  await asAdmin(`create role ${ROLE} login`);
  return {
    url: await createDatabase('defectdiffu'),
    adminUrl: urlOf('postgres', 'defectdiffu'),
    createDatabase,
    kill: () => endDaemon(server, 'SIGKILL'),
    stop: () => endDaemon(server, 'SIGINT'),
    start: async () => {
      server = await launch();
    },
    pause: () => pauseDaemon(server),
    resume: () => resumeDaemon(server),
    remove: async () => {
      await endDaemon(server, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The folder of the newest PostgreSQL that can both make a cluster and serve it. */
function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ];
  return folders.find((folder) => ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))));
}

/** PostgreSQL refuses to run as root. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (name: string, which: '-u' | '-g') => Number(execFileSync('id', [which, name]));
  const name = ['postgres', 'nobody'].find((candidate) => spawnSync('id', [candidate]).status === 0) ?? 'nobody';
  return { uid: idOf(name, '-u'), gid: idOf(name, '-g') };
}

async function query(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // the server may be killed under it
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}
