/** The service as it is run: one process with everything in it, or many round a PostgreSQL and an S3 store. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openLocalStore } from '../../src/artifacts/localStore.js';
import { openStore } from '../../src/artifacts/openStore.js';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { readConfig } from '../../src/config.js';
import type { Plan, Report, Victim } from './chaos.js';
import { chaos, inspect, makeTenants } from './chaos.js';
import { freePort } from './daemon.js';
import type { Kept } from './kept.js';
import { keepRunning } from './kept.js';
import { startPostgres } from './postgres.js';
import { startS3 } from './s3.js';
import { openStorage } from '../../src/storage/open.js';
import { samples as samplesTable } from '../../src/storage/tables.js';

export interface Outcome extends Report {
  readonly wrong: readonly string[];
  readonly samples: number;
  /** How often each process was started. */
  readonly lives: Readonly<Record<string, number>>;
}

const urlOf = (port: number): string => `http://127.0.0.1:${String(port)}/graphql`;
const SECRET = 'ab'.repeat(32);

/** One process, PGlite and the local disk. */
export async function chaosInOne(plan: Plan, dataDirectory: string): Promise<Outcome> {
  const place = join(dataDirectory, 'db');
  const keys = await makeTenants(place, plan.tenants);
  const port = await freePort();
  const service = keepRunning('all', port, { DATA_DIR: dataDirectory });
  await service.ready();
  const victims: Victim[] = [
    ['all', () => service.kill()],
    ['device', () => service.killDevice()],
  ];
  const report = await chaos(plan, [urlOf(port)], keys, victims);
  await service.stop();
  const folder = join(dataDirectory, 'artifacts');
  return outcomeOf(report, [service], place, await openLocalStore(folder), () => Promise.resolve(filesIn(folder)));
}

/** Two that answer, two that draw, PostgreSQL and an S3 store. */
export async function chaosInMany(plan: Plan, newFolder: () => string): Promise<Outcome> {
  const postgres = await startPostgres();
  const s3 = await startS3();
  const keys = await makeTenants(postgres.url, plan.tenants);
  const common = {
    ...s3.environment,
    DATABASE_URL: postgres.url,
    URL_SECRET: SECRET,
    KEY_HASH_SECRET: SECRET,
    LEASE_SECONDS: '2',
  };
  const keep = async (name: string): Promise<Kept & { port: number }> => {
    const port = await freePort();
    const ROLE = name.replace(/\d/, '');
    return Object.assign(keepRunning(name, port, { ...common, ROLE, DATA_DIR: newFolder() }), { port });
  };
  const processes = await Promise.all(['api1', 'api2', 'worker1', 'worker2'].map(keep));
  await Promise.all(processes.map((each) => each.ready()));
  const workers = processes.slice(2);
  const victims: Victim[] = [
    ...processes.map((each): Victim => [each.name, () => each.kill()]),
    ...workers.map((each): Victim => [`device of ${each.name}`, () => each.killDevice()]),
    ['database', () => postgres.kill().then(() => postgres.start())],
  ];
  const urls = processes.slice(0, 2).map(({ port }) => urlOf(port));
  const report = await chaos(plan, urls, keys, victims);
  await Promise.all(processes.map((each) => each.stop()));
  Object.assign(process.env, s3.environment);
  const config = readConfig({ ...s3.environment });
  const store = await openStore({ dataDirectory: newFolder(), s3: config.s3, urlSeconds: 60, alone: false });
  const outcome = await outcomeOf(report, processes, postgres.url, store, () => s3.list());
  await postgres.remove();
  await s3.stop();
  return outcome;
}

async function outcomeOf(
  report: Report,
  processes: readonly Kept[],
  place: string,
  store: ArtifactStore,
  listFiles: () => Promise<ReadonlyMap<string, number>>,
): Promise<Outcome> {
  const storage = await openStorage(place);
  const samples = await storage.database.$count(samplesTable);
  const wrong = await inspect(report, storage.database, store, listFiles);
  await storage.close();
  return { ...report, wrong, samples, lives: Object.fromEntries(processes.map(({ name, lives }) => [name, lives])) };
}

function filesIn(folder: string): ReadonlyMap<string, number> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((file) => [file.name, statSync(join(file.parentPath, file.name)).size]));
}
