/** A server that speaks S3 (moto, from the training package's development tools), with one empty bucket. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endDaemon, freePort, pauseDaemon, resumeDaemon, startDaemon } from './daemon.js';

const BUCKET = 'defectdiffu-test';

export interface S3 {
  readonly endpoint: string;
  readonly bucket: string;
  /** What a service needs in its environment to keep its artifacts there; the server takes any credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every key in the bucket, with its size in bytes. */
  list(): Promise<ReadonlyMap<string, number>>;
  /** It takes connections and answers nothing, until `resume`. */
  pause(): void;
  resume(): void;
  /** Its objects live in its memory, and end with it. */
  stop(): Promise<void>;
}

/** Why there can be none here; undefined where there can. */
export function whyNoS3(): string | undefined {
  return python() === undefined ? "no Python with moto[server]: pip install -e 'training[dev]'" : undefined;
}

export async function startS3(): Promise<S3> {
  const command = python();
  if (command === undefined) throw new Error(`An S3 server is needed: ${whyNoS3() ?? ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-s3-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const server = await startDaemon({
    command,
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    logFile: join(folder, 'log'),
    isUp: () => fetch(`${endpoint}/moto-api/`),
  });
  await mustSucceed(fetch(`${endpoint}/${BUCKET}`, { method: 'PUT' }));
  return {
    endpoint,
    bucket: BUCKET,
    environment: {
      ARTIFACTS: `s3://${BUCKET}/artifacts`,
      S3_ENDPOINT: endpoint,
      S3_REGION: 'us-east-1',
      S3_FORCE_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    list: () => list(`${endpoint}/${BUCKET}`),
    pause: () => pauseDaemon(server),
    resume: () => resumeDaemon(server),
    stop: async () => {
      await endDaemon(server, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function list(bucket: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  let more = true;
  while (more) {
    const after = encodeURIComponent([...sizes.keys()].at(-1) ?? '');
    const answer = await mustSucceed(fetch(`${bucket}?list-type=2&start-after=${after}`));
    const page = await answer.text();
    const objects = page.matchAll(/<Contents>.*?<Key>(.*?)<\/Key>.*?<Size>(\d+)<\/Size>.*?<\/Contents>/gs);
    for (const [, key = '', size] of objects) sizes.set(key, Number(size));
    more = page.includes('<IsTruncated>true');
  }
  return sizes;
}

async function mustSucceed(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.url}: ${String(response.status)} ${await response.text()}`);
  return response;
}

function python(): string | undefined {
  const has = 'import sys, importlib.util as u; sys.exit(not (u.find_spec("moto") and u.find_spec("flask_cors")))';
  const candidates = [join(process.cwd(), 'training', '.venv', 'bin', 'python'), 'python3'];
  return candidates.find((candidate) => spawnSync(candidate, ['-c', has]).status === 0);
}
