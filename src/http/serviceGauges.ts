/** Gauges that are read on each scrape, instead of counted as things happen. */
import { sql } from '../storage/drizzle.js';
import { Counter, Gauge } from 'prom-client';
import type { DeviceInfo } from '../inference/index.js';
import type { Database } from '../storage/database.js';
import { registry } from '../observability/metrics.js';

/** However often it is scraped, the database gets at most one query in this time. */
const CACHE_MS = 1_000;

interface QueueCounts {
  readonly queued: number;
  readonly running: number;
  readonly samples: number;
}

export interface GaugeSources {
  readonly database: Database;
  devices(): readonly DeviceInfo[];
  /** Operations in progress over WebSocket. */
  subscribers(): number;
}

/** Call it once per process. */
export function registerServiceGauges({ database, devices, subscribers }: GaugeSources): void {
  const queue = cached(() => countQueue(database));
  gauge(
    'queue_depth',
    'Generations that wait, over all processes on this database.',
    async () => (await queue()).queued,
  );
  gauge('running', 'Claimed generations, over all processes on this database.', async () => (await queue()).running);
  gauge(
    'queued_samples',
    'Samples of waiting and running generations that are not drawn yet.',
    async () => (await queue()).samples,
  );
  const waiting = cached(() => countWaiting(database));
  const training = cached(() => countTrainings(database));
  gauge('training_queue_depth', 'Trainings that wait.', async () => (await training()).queued);
  gauge('trainings_running', 'Trainings that a trainer claimed.', async () => (await training()).running);
  gauge('export_queue_depth', 'Exports that wait or are written.', async () => (await waiting()).exports);
  gauge(
    'webhook_queue_depth',
    'Webhook deliveries that are not done, over all processes on this database.',
    async () => (await waiting()).deliveries,
  );
  gauge(
    'webhook_overdue_seconds',
    'How long the oldest webhook delivery is overdue.',
    async () => (await waiting()).overdueSeconds,
  );
  deviceStates(devices);
  gauge('ws_subscribers', 'Operations in progress over WebSocket.', () => Promise.resolve(subscribers()));
  counter(
    'device_process_restarts_total',
    'Device workers that died and were replaced.',
    devices,
    (info) => info.restarts,
  );
  counter(
    'oom_total',
    "Times that memory ran out: halved batches, failed samples, and device workers that SIGKILL ended, as the kernel's out-of-memory killer does.",
    devices,
    (info) => info.outOfMemory,
  );
}

function gauge(name: string, help: string, read: () => Promise<number>): void {
  new Gauge({
    name: `defectdiffu_${name}`,
    help,
    registers: [registry],
    async collect() {
      // Without a database, this figure is missing; the others remain.
      this.set(await read().catch(() => Number.NaN));
    },
  });
}

function counter(
  name: string,
  help: string,
  devices: () => readonly DeviceInfo[],
  read: (info: DeviceInfo) => number,
): void {
  new Counter({
    name: `defectdiffu_${name}`,
    help,
    registers: [registry],
    labelNames: ['device'],
    collect() {
      this.reset();
      for (const info of devices()) this.inc({ device: info.device }, read(info));
    },
  });
}

const DEVICE_STATES = ['STARTING', 'READY', 'RESTARTING', 'FAILED'] as const satisfies readonly DeviceInfo['state'][];

/** One series for each state, so that an alert can wait for one. */
function deviceStates(devices: () => readonly DeviceInfo[]): void {
  new Gauge({
    name: 'defectdiffu_device_state',
    help: '1 for the state of the device, 0 for the others.',
    registers: [registry],
    labelNames: ['device', 'state'],
    collect() {
      this.reset();
      for (const { device, state } of devices())
        for (const each of DEVICE_STATES) this.set({ device, state: each }, each === state ? 1 : 0);
    },
  });
}

interface WaitingCounts {
  readonly exports: number;
  readonly deliveries: number;
  readonly overdueSeconds: number;
}

async function countWaiting(database: Database): Promise<WaitingCounts> {
  const { rows } = await database.execute<{ exports: string; deliveries: string; overdue: string | null }>(sql`
    select (select count(*) from export where status in ('QUEUED', 'RUNNING')) as exports,
      count(*) as deliveries, extract(epoch from now() - min(next_attempt_at)) as overdue
    from webhook_delivery where status = 'PENDING'
  `);
  const [row] = rows;
  return {
    exports: Number(row?.exports),
    deliveries: Number(row?.deliveries),
    overdueSeconds: Math.max(0, Number(row?.overdue ?? 0)),
  };
}

async function countTrainings(database: Database): Promise<{ readonly queued: number; readonly running: number }> {
  const { rows } = await database.execute<{ queued: string; running: string }>(sql`
    select count(*) filter (where status = 'QUEUED') as queued, count(*) filter (where status = 'RUNNING') as running
    from training where status in ('QUEUED', 'RUNNING')
  `);
  return { queued: Number(rows[0]?.queued), running: Number(rows[0]?.running) };
}

async function countQueue(database: Database): Promise<QueueCounts> {
  const { rows } = await database.execute<{ generations: string | number; samples: string | number }>(sql`
    select count(*) as generations, coalesce(sum(count), 0) as samples from generation where status = 'QUEUED'
    union all
    select count(*), coalesce(sum(count - samples_done), 0) from generation where status = 'RUNNING'
  `);
  const [queued, running] = rows;
  return {
    queued: Number(queued?.generations),
    running: Number(running?.generations),
    samples: Number(queued?.samples) + Number(running?.samples),
  };
}

function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  let at = 0;
  return () => {
    if (value === undefined || Date.now() - at > CACHE_MS) {
      at = Date.now();
      value = read();
    }
    return value;
  };
}
