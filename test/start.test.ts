import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readConfig } from '../src/config.js';
import { StartError } from '../src/errors.js';
import { TINY_MODELS, newDataDirectory, newFolder, runToEnd, startServer } from './support/server.js';
import type { Finished } from './support/server.js';
import { databaseEnvironment } from './support/database.js';

const { version: VERSION } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function copyOfModels(): string {
  const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-models-'));
  cpSync(TINY_MODELS, folder, { recursive: true });
  return folder;
}

function expectPlainRefusal({ code, stderr }: Finished, message: RegExp): void {
  expect(code).toBe(1);
  expect(stderr).toMatch(/^DefectDiffu cannot start\. /);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /); // no stack trace
}

test('without a configured key one is generated, written to a file of its own and never printed', async () => {
  const dataDirectory = newDataDirectory();
  const env = { DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: '' };
  const first = await startServer({ ...env, DEVICE: 'cpu', QUOTA_STORED_BITES: '8' });
  const file = join(dataDirectory, 'api-key');
  const key = readFileSync(file, 'utf8').trim();
  expect(key).toMatch(/^dd_\S{32}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(first.output()).toContain(`API key: in ${file}\n`);
  expect(first.output()).not.toContain(key);
  for (const [setting, nearest] of [
    ['DEVICE', 'DEVICES'],
    ['QUOTA_STORED_BITES', 'QUOTA_STORED_BYTES'],
  ])
    expect(first.output()).toContain(`"setting":"${String(setting)}","nearest":"${String(nearest)}"`);
  expect((await first.data('{ serverInfo { version } }', {}, key)).serverInfo.version).toBe(VERSION);
  await first.stop();
  rmSync(file);
  expect(allText(dataDirectory)).not.toContain(key);

  const second = await startServer(env);
  expect(existsSync(file)).toBe(false);
  expect((await second.data('{ serverInfo { version } }', {}, key)).serverInfo.version).toBe(VERSION);
  await second.stop();

  writeFileSync(file, key);
  const third = await startServer({ DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: 'a-new-key' });
  expect(existsSync(file)).toBe(false);
  expect((await third.error('{ serverInfo { version } }', {}, key)).extensions.code).toBe('UNAUTHENTICATED');
  expect((await third.data('{ serverInfo { version } }', {}, 'a-new-key')).serverInfo.version).toBe(VERSION);
});

test('npm start ends by SIGTERM and leaves no process behind', async () => {
  const dataDirectory = newDataDirectory();
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const settings = { PORT: '0', DATA_DIR: dataDirectory, MODELS_DIR: TINY_MODELS, MAX_ROWS: '6', CONSOLE: 'false' };
  const env = { PATH, HOME: tmpdir(), ...settings };
  const npm = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(npm, 'exit');
  let printed = '';
  for await (const chunk of npm.stdout) if ((printed += String(chunk)).includes('DefectDiffu serves')) break;
  const { pid } = JSON.parse(readFileSync(join(dataDirectory, 'lock'), 'utf8')) as { pid: number };
  npm.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

function allText(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return names.map((name) => (statSync(name).isFile() ? readFileSync(name, 'latin1') : '')).join('\n');
}

test('the catalog begins as the words of the model, and words of a later model are added', async () => {
  const dataDirectory = newDataDirectory();
  const query = '{ products { edges { node { partNumber name promptName } } } defects { edges { node { code } } } }';
  const models = copyOfModels();
  edit(join(models, 'tiny', '1.0.0'), (manifest) => {
    manifest['vocabulary'] = {
      products: ['metal nut'],
      defects: ['scratch'],
      trainedPairs: [['metal nut', 'scratch']],
    };
  });
  const first = await startServer({ DATA_DIR: dataDirectory, MODELS_DIR: models });
  const nut = { node: { partNumber: 'METAL_NUT', name: 'metal nut', promptName: 'metal nut' } };
  expect(await first.data(query)).toEqual({
    products: { edges: [nut] },
    defects: { edges: [{ node: { code: 'SCRATCH' } }] },
  });
  await first.stop();

  const second = await startServer({ DATA_DIR: dataDirectory });
  expect(await second.data(query)).toEqual({
    products: { edges: [nut, { node: { partNumber: 'TILE', name: 'tile', promptName: 'tile' } }] },
    defects: { edges: [{ node: { code: 'CRACK' } }, { node: { code: 'SCRATCH' } }] },
  });
});

test.each<[string, (folder: string) => void, RegExp]>([
  ['is not JSON', (folder) => writeFileSync(join(folder, 'bundle.json'), '{ not json'), /bundle\.json/],
  ['lacks a field', (folder) => edit(folder, (manifest) => delete manifest['mask']), /mask/],
  ['is of a later format', (folder) => edit(folder, (manifest) => (manifest['formatVersion'] = 2)), /formatVersion/],
  [
    'draws pictures of another size than it says',
    (folder) => edit(folder, resized),
    /"image" is \[batch, 3, .*the manifest says/,
  ],
  ['names a file that is changed', (folder) => writeFileSync(join(folder, 'denoiser.onnx'), 'x'), /denoiser\.onnx/],
])('a bundle that %s stops the start with a message that names the file', async (_, harm, message) => {
  const models = copyOfModels();
  harm(join(models, 'tiny', '1.0.0'));
  expectPlainRefusal(await runToEnd({ MODELS_DIR: models }), message);
});

function resized(manifest: Record<string, unknown>): void {
  manifest['image'] = { width: 2000, height: 2000, channels: 3 };
}

function edit(folder: string, change: (manifest: Record<string, unknown>) => void): void {
  const file = join(folder, 'bundle.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(manifest);
  writeFileSync(file, JSON.stringify(manifest));
}

// The program prints what reading the configuration throws, as the tests of whole starts show.
test.each([
  [{ PORT: '70000' }, /PORT: "70000" is not/],
  [{ DEFECTDIFFU_API_KEY: 'short' }, /DEFECTDIFFU_API_KEY: must be 8 to 200/],
  [{ PUBLIC_URL: 'ftp://x' }, /PUBLIC_URL: "ftp:\/\/x" is not an http\(s\) origin/],
  [{ PUBLIC_URL: 'https://x/path' }, /PUBLIC_URL: "https:\/\/x\/path" is not an http\(s\) origin/],
  [{ CORS_ORIGINS: 'https://a.example,b.example' }, /CORS_ORIGINS: "b\.example" is not an http\(s\) origin/],
  [{ MQTT_URL: 'http://user:password@broker' }, /^MQTT_URL: is not of the form mqtt:\/\/user:password@host:1883/],
  [{ MQTT_TOPIC: 'plant/#' }, /MQTT_TOPIC: "plant\/#" is not a topic without wildcards/],
  [{ HTTP_KEEP_ALIVE_SECONDS: '0' }, /HTTP_KEEP_ALIVE_SECONDS: "0" is not a whole number in 1 … 3600/],
  [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL: "loud" is not one of/],
])('%j is refused when the configuration is read', (env, message) => {
  expect(() => readConfig({ DATA_DIR: newFolder(), ...env } as NodeJS.ProcessEnv)).toThrow(StartError);
  expect(() => readConfig({ DATA_DIR: newFolder(), ...env } as NodeJS.ProcessEnv)).toThrow(message);
});

test.each([
  [{ PORT: 'http' }, /PORT: "http" is not a whole number in 0 … 65535/],
  [{ DATA_DIR: '/dev/null/data' }, /DATA_DIR: \/dev\/null\/data must be a folder that can be created and written to/],
  [{ DEFAULT_MODEL: 'huge' }, /DEFAULT_MODEL: there is no model "huge"; there are: tiny@1\.0\.0/],
  [{ MODELS_DIR: tmpdir() + '/nowhere' }, /nowhere/],
])('%j stops the start with a message', async (env, message) => {
  expectPlainRefusal(await runToEnd(env as Record<string, string>), message);
});

test.each<[string, string, string, RegExp]>([
  ['the database is damaged', 'db/global/pg_control', 'x', /DATA_DIR: the database in \S+\/db cannot be opened \(.*\)/],
  ['the database is a file', 'db', '', /DATA_DIR: \S+\/db must be a folder/],
  ['the artifacts are a file', 'artifacts', '', /artifacts/],
])('a start where %s says so in one line, and its log is JSON', async (_, path, content, message) => {
  const dataDirectory = newDataDirectory();
  const file = join(dataDirectory, path);
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, content);
  const result = await runToEnd({ DATA_DIR: dataDirectory });
  expectPlainRefusal(result, message);
  for (const line of result.stdout.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
});

test('a data directory that was open to others is closed, with everything in it', async () => {
  const dataDirectory = newDataDirectory();
  chmodSync(dataDirectory, 0o755);
  await startServer({ DATA_DIR: dataDirectory });
  const modes = ['', 'db', 'artifacts'].map((name) => statSync(join(dataDirectory, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o700]);
});

test('a port that is taken stops the start with a message', async () => {
  const first = await startServer();
  const { port } = new URL(first.url);
  const dataDirectory = newDataDirectory();
  const env = { PORT: port, DATA_DIR: dataDirectory, ...(await databaseEnvironment(dataDirectory)) };
  expectPlainRefusal(await runToEnd(env), new RegExp(`127\\.0\\.0\\.1:${port} is in use by another program`));
});

test('one sample can be drawn without the service, and a refusal is one line', () => {
  const out = mkdtempSync(join(tmpdir(), 'defectdiffu-sample-'));
  const sample = (...args: string[]): string =>
    execFileSync(
      process.execPath,
      ['dist/inference/sample.js', 'test/inference/models/tiny/1.0.0', ...args, '--out', out],
      {
        encoding: 'utf8',
        stdio: 'pipe',
      },
    );
  const drawn = JSON.parse(sample('--steps', '2', '--seed', '5')) as Record<string, unknown>;
  expect(drawn).toMatchObject({ seed: 5, steps: 2, confidence: expect.any(Number) });
  expect(readdirSync(out).sort()).toEqual(['image.png', 'mask.png', 'overlay.png']);
  const refused = (...args: string[]): unknown => {
    try {
      return sample(...args);
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  expect(refused('--steps', '0')).toMatch(/^steps[^\n]*\n$/);
  expect(refused('--stpes', '2')).toMatch(/^Unknown option '--stpes'[^\n]*\n$/);
  rmSync(out, { recursive: true, force: true });
});

test('the demo says what to do when key or service is missing', () => {
  const demo = (env: Record<string, string>): string => {
    try {
      // Where the demo would look for the key of a first start.
      const nothing = { DATA_DIR: newFolder() };
      const options = { env: { ...nothing, ...env }, encoding: 'utf8', stdio: 'pipe' } as const;
      return execFileSync(process.execPath, ['dist/demo/main.js'], options);
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  expect(demo({})).toContain('DEFECTDIFFU_API_KEY=<key> npm run demo');
  expect(demo({ DEFECTDIFFU_API_KEY: 'x', PORT: '1' })).toContain('No service answers at http://127.0.0.1:1/graphql');
});
