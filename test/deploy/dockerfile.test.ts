/** The Dockerfile: two small images and one that trains, pinned, that run as nobody in particular. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readTrainer } from '../../src/config/trainer.js';
import {
  argumentOf,
  argumentsOf,
  environmentOf,
  healthCommand,
  readYaml,
  unknownSettings,
  stage,
  stages,
} from '../support/deployment.js';

const IMAGES = ['cpu', 'cuda', 'trainer'];
const RUNTIME = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64';

test('every base image is pinned to a version, and the same Node.js builds and runs', () => {
  const names = stages().map(({ name }) => name);
  const images = stages()
    .map(({ from }) => from)
    .filter((from) => !names.includes(from) && from !== 'scratch');
  expect(images).toEqual([
    expect.stringMatching(/^node:24\.\d+\.\d+-bookworm-slim$/),
    expect.stringMatching(/^nvidia\/cuda:\d+\.\d+\.\d+-cudnn-runtime-ubuntu24\.04$/),
  ]);
});

test('without a target it is the CPU image that is built', () => {
  expect(stages().at(-1)?.name).toBe('cpu');
});

test('images and manifests carry the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  for (const name of IMAGES) expect(argumentOf(stage(name), 'ARG')).toBe(`VERSION=${version}`);
  expect(readYaml('deploy/kubernetes/base/kustomization.yaml').images).toEqual([
    { name: 'defectdiffu', newTag: `${version}-cpu` },
  ]);
  expect(readFileSync('deploy/kubernetes/gpu/worker.yaml', 'utf8')).toContain(`image: defectdiffu:${version}-cuda`);
  const trainer = readFileSync('deploy/kubernetes/trainer/trainer.yaml', 'utf8');
  expect(trainer).toContain(`image: defectdiffu:${version}-trainer`);
});

test('what is copied exists, and .dockerignore lets it through', () => {
  const ignore = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(ignore[0]).toBe('*');
  for (const { name, instructions } of stages()) {
    for (const copy of instructions.filter((instruction) => instruction.getKeyword() === 'COPY')) {
      const [from] = /(?<=--from=)\S+/.exec(copy.getTextContent()) ?? [];
      const sources = (copy.getArgumentsContent() ?? '').split(/\s+/).slice(0, -1);
      if (from !== undefined) expect(stages().map((each) => each.name)).toContain(from);
      else
        for (const source of sources)
          expect([name, source, existsSync(source), ignore.includes(`!${source}`)]).toEqual([name, source, true, true]);
    }
  }
});

test.each(IMAGES)(
  'the %s image runs as a fixed user without a name of power, and its settings are known ones',
  (name) => {
    const image = stage(name);
    expect(argumentOf(image, 'USER')).toBe('10001:10001');
    expect(argumentsOf(image, 'RUN')[0]).toMatch(/useradd --uid 10001 .*install -d -o 10001 -g 10001 -m 700 \/data/);
    const environment = environmentOf(image);
    expect(unknownSettings(environment)).toEqual([]);
    expect(environment).toMatchObject({ HOST: '0.0.0.0', DATA_DIR: '/data', PORT: argumentOf(image, 'EXPOSE') });
  },
);

test.each(IMAGES)('the %s image stops by SIGTERM, and what it starts and asks for its health exists', (name) => {
  const image = stage(name);
  expect(argumentOf(image, 'STOPSIGNAL')).toBe('SIGTERM');
  const started = [argumentOf(image, 'ENTRYPOINT'), argumentOf(image, 'CMD')].flatMap(
    (line) => JSON.parse(line) as string[],
  );
  expect([started[0], healthCommand(image)[0]]).toEqual(['node', 'node']);
  for (const file of [started[1], healthCommand(image)[1]])
    expect([file, existsSync(file ?? '')]).toEqual([file, true]);
});

test('the trainer image has the training package where its program is looked for, and the documented PyTorch', () => {
  const [, made = ''] = argumentsOf(stage('training'), 'RUN');
  expect(readTrainer({}, 'trainer')?.command[0]).toBe(join(process.cwd(), 'training/.venv/bin/defectdiffu-train'));
  expect(made).toContain('python3 -m venv training/.venv');
  const [torch = ''] = /torch==[\d.]+/.exec(made) ?? [];
  expect(readFileSync('docs/training.md', 'utf8')).toContain(torch);
  expect(argumentsOf(stage('trainer'), 'COPY')).toContain('/app/training /app/training');
  expect(environmentOf(stage('trainer'))['ROLE']).toBe('trainer');
});

test('CUDA is the one that this onnxruntime-node fetches a provider for', () => {
  const require = createRequire(join(process.cwd(), 'package.json'));
  const metadata = require(join(process.cwd(), 'node_modules/onnxruntime-node/script/install-metadata.js')) as {
    requirements: Record<string, string[]>;
    manifests: Record<string, Record<string, unknown>>;
  };
  const [fetches = ''] = argumentsOf(stage('libraries-cuda'), 'RUN');
  const [, kind = '', major] = /--onnxruntime-node-install=(cuda(\d+))/.exec(fetches) ?? [];
  expect(metadata.requirements['linux/x64']).toContain(kind);
  expect(Object.keys(metadata.manifests[`linux/x64:${kind}`] ?? {})).toContain('./libonnxruntime_providers_cuda.so');
  expect(stage('cuda').from).toContain(`cuda:${String(major)}.`);
});

const onLinux = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;

onLinux('the CUDA image is not built when a library of the provider is missing', () => {
  const [, check = ''] = argumentsOf(stage('cuda'), 'RUN');
  const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-cuda-'));
  const provider = join(folder, RUNTIME, 'libonnxruntime_providers_cuda.so');
  mkdirSync(dirname(provider), { recursive: true });
  const builds = () => spawnSync('sh', ['-c', check], { cwd: folder }).status === 0;
  try {
    copyFileSync(join(RUNTIME, 'onnxruntime_binding.node'), provider); // needs libonnxruntime.so.1 beside it
    expect(builds()).toBe(false);
    copyFileSync(join(RUNTIME, 'libonnxruntime.so.1'), join(dirname(provider), 'libonnxruntime.so.1'));
    expect(builds()).toBe(true);
    writeFileSync(provider, 'not a library'); // ldd fails, and lists nothing that is missing
    expect(builds()).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the scripts are valid for a plain shell', () => {
  for (const script of ['deploy/prune-libraries', 'deploy/postgres/10-service-role.sh'])
    execFileSync('sh', ['-n', script]);
});
