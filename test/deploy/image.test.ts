/** What the CPU image holds, put together here by the Dockerfile's own commands, draws as its user and writes nowhere else. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../support/daemon.js';
import { argumentOf, argumentsOf, environmentOf, healthCommand, stage } from '../support/deployment.js';
import type { Json } from '../support/server.js';
import { TEST_KEY, TINY_MODELS } from '../support/server.js';

const image = stage('cpu');
const AS_ROOT = process.getuid?.() === 0;
const user = AS_ROOT ? { uid: 10001, gid: 10001 } : {};

let root: string;
let environment: Record<string, string>;
let service: ChildProcess;
let printed = '';

const app = () => join(root, 'app');

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'defectdiffu-image-'));
  chmodSync(root, 0o755);
  copyLibraries();
  execFileSync('sh', ['-c', prune()], { cwd: app() });
  for (const part of ['dist', 'package.json', 'LICENSE']) cpSync(part, join(app(), part), { recursive: true });
  cpSync('models/bundle.schema.json', join(app(), 'models/bundle.schema.json'));
  cpSync(TINY_MODELS, join(root, 'models'), { recursive: true });
  closeForWriting(app());
  const data = join(root, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (AS_ROOT) chownSync(data, 10001, 10001);
  environment = {
    ...environmentOf(image),
    PATH: process.env['PATH'] ?? '',
    DATA_DIR: data,
    MODELS_DIR: join(root, 'models'),
    PORT: String(await freePort()),
    DEFECTDIFFU_API_KEY: TEST_KEY,
  };
  const [program = '', ...args] = [argumentOf(image, 'ENTRYPOINT'), argumentOf(image, 'CMD')].flatMap(
    (line) => JSON.parse(line) as string[],
  );
  expect(program).toBe('node');
  service = spawn(process.execPath, args, { cwd: app(), env: environment, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  for (const stream of [service.stdout, service.stderr])
    stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
});

afterAll(async () => {
  if (service.exitCode === null && service.signalCode === null) {
    service.kill('SIGKILL');
    await once(service, 'exit');
  }
  openForWriting(app());
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

test('only this platform is left of the libraries that carry binaries', () => {
  expect(readdirSync(join(app(), 'node_modules/onnxruntime-node/bin/napi-v6'))).toEqual([process.platform]);
  expect(readdirSync(join(app(), 'node_modules/onnxruntime-node/bin/napi-v6', process.platform))).toEqual([
    process.arch,
  ]);
  const sizes = execFileSync('du', ['-sm', join(app(), 'node_modules')], { encoding: 'utf8' });
  expect(Number.parseInt(sizes, 10)).toBeLessThan(180);
  for (const name of ['typescript', '.bin/node']) expect(existsSync(join(app(), 'node_modules', name))).toBe(false);
  expect(readdirSync(join(app(), 'node_modules')).filter((name) => name.startsWith('node-linux'))).toEqual([]);
});

test('the health check turns from failure to success when the service is up', async () => {
  expect(ask('/livez').status).not.toBe(0);
  while (!printed.includes('DefectDiffu serves')) {
    if (service.exitCode !== null) throw new Error(printed);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(ask('/readyz').status).toBe(0);
  expect(ask('/livez').status).toBe(0);
});

test('it draws a sample and writes to its data directory alone', async () => {
  const before = listing();
  const { generateDefects } = await graphql(
    'mutation { generateDefects(input: [{ partNumber: "TILE", defectCode: "CRACK", steps: 2 }]) { id } }',
  );
  const generation = await finished(generateDefects[0].id);
  expect(generation.status).toBe('SUCCEEDED');
  const picture = await fetch(generation.samples.edges[0].node.image.url);
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(listing()).toEqual(before);
  expect(readdirSync(environment['DATA_DIR'] ?? '')).toEqual(expect.arrayContaining(['artifacts', 'db']));
});

test('the demo draws in it too, as its user', () => {
  const options = { cwd: app(), env: environment, encoding: 'utf8', ...user } as const;
  const demo = spawnSync(process.execPath, ['dist/demo/main.js', '--count', '1', '--steps', '2'], options);
  expect([demo.status, demo.stderr]).toEqual([0, '']);
  const drawn = readdirSync(join(environment['DATA_DIR'] ?? '', 'demo-output'));
  expect(drawn.map((name) => name.replace(/^.*_/, '')).sort()).toEqual(['image.png', 'mask.png', 'overlay.png']);
});

test('it ends by its stop signal, and the health check says so', async () => {
  service.kill(argumentOf(image, 'STOPSIGNAL') as NodeJS.Signals);
  expect(await once(service, 'exit')).toEqual([0, null]);
  expect(ask('/livez').status).not.toBe(0);
});

/** The packages that `npm ci --omit=dev` would bring, by the lock file; their files are shared, for nothing changes them. */
function copyLibraries(): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const kept = Object.entries(packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true && existsSync(path))
    .map(([path]) => path);
  for (const path of kept) {
    const target = join(app(), path);
    mkdirSync(dirname(target), { recursive: true });
    if (spawnSync('cp', ['-al', path, target]).status !== 0) cpSync(path, target, { recursive: true }); // another file system
  }
}

/** The Dockerfile's own line, with the script where it is copied to. */
function prune(): string {
  cpSync('deploy/prune-libraries', join(app(), 'deploy/prune-libraries'));
  const lines = argumentsOf(stage('libraries-cpu'), 'RUN');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

/** Folders only: files are shared with this checkout. As root the service runs as another user, who may not write anyway. */
const closeForWriting = (folder: string): void =>
  void execFileSync('find', [folder, '-type', 'd', '-exec', 'chmod', '555', '{}', '+']);
const openForWriting = (folder: string): void =>
  void execFileSync('find', [folder, '-type', 'd', '-exec', 'chmod', '755', '{}', '+']);

/** Every file of the application, with its size and the time of its last change. */
const listing = (): string =>
  execFileSync('find', [app(), '-printf', '%p %s %T@\n'], { encoding: 'utf8', maxBuffer: 2 ** 27 });

/** The image's health check, for this path. */
function ask(path: string) {
  const [, script = ''] = healthCommand(image);
  return spawnSync(process.execPath, [script, path], { cwd: app(), env: environment, ...user });
}

async function graphql(query: string): Promise<Json> {
  const response = await fetch(`http://127.0.0.1:${environment['PORT'] ?? ''}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as Json).data;
}

async function finished(id: string): Promise<Json> {
  for (;;) {
    const { generation } = await graphql(
      `{ generation(id: "${id}") { status samples(first: 1) { edges { node { image { url } } } } } }`,
    );
    if (!['QUEUED', 'RUNNING'].includes(generation.status as string)) return generation;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
