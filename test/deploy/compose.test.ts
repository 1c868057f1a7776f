/** compose.yaml: hardened containers, settings that the service takes, health checks that are there, and no secret inside. */
import { existsSync, readFileSync } from 'node:fs';
import { readConfig } from '../../src/config.js';
import { unknownSettings, readYaml, stage } from '../support/deployment.js';
import type { Json } from '../support/server.js';

const compose = readYaml('compose.yaml');
const gpus = readYaml('compose.cuda.yaml');
const services: Record<string, Json> = compose.services;
const OURS = ['api', 'worker', 'trainer', 'bucket'];
const example = new Map(
  readFileSync('deploy/.env.example', 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
);

/** As compose does it, with the answers that a person would have put into deploy/.env. */
function settingsOf(name: string): Record<string, string> {
  const filledIn = (variable: string) => example.get(variable) || `${'0123456789abcdef'.repeat(4)}`;
  const entries = Object.entries(services[name].environment as Record<string, string>).map(([setting, value]) => [
    setting,
    value.replace(/\$\{(\w+)(:-|:\?)([^}]*)\}/g, (_all, variable: string, how: string, other: string) =>
      how === ':-' ? other : filledIn(variable),
    ),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

test.each(Object.keys(services))('%s: a root file system nobody writes to, no privilege, a pinned image', (name) => {
  const service = services[name];
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  expect(service.privileged).toBeUndefined();
  const { cpus, memory, pids } = service.deploy.resources.limits;
  expect([cpus, memory, pids]).toEqual([expect.any(String), expect.stringMatching(/^\d+[mg]$/), expect.any(Number)]);
  expect(service.image).toMatch(
    OURS.includes(name) ? /^defectdiffu:(cpu|trainer)$/ : /^[a-z/]+:v?\d+\.\d+[.\d]*(-[a-z]+)?$/,
  );
});

test.each(Object.keys(services))('%s: what it waits for can be waited for', (name) => {
  const waits: Record<string, Json> = services[name].depends_on ?? {};
  for (const [other, { condition }] of Object.entries(waits)) {
    const { healthcheck, restart } = services[other];
    if (condition === 'service_healthy') expect([other, healthcheck?.test]).toEqual([other, expect.any(Array)]);
    else expect([other, condition, restart]).toEqual([other, 'service_completed_successfully', 'no']);
  }
});

test('two that answer, two that draw, and the database and the store that they share', () => {
  const topology = Object.fromEntries(
    ['api', 'worker'].map((name) => [name, [services[name].deploy.replicas, services[name].environment.ROLE]]),
  );
  expect(topology).toEqual({ api: [2, 'api'], worker: [2, 'worker'] });
  expect(services['postgres'].image).toMatch(/^postgres:17\./);
});

test('the trainer is started only on request, and alone has the volume of its checkpoints', () => {
  const { profiles, build, volumes, environment, deploy } = services['trainer'];
  expect([profiles, build.target, deploy.replicas, environment.ROLE]).toEqual([['training'], 'trainer', 1, 'trainer']);
  expect(volumes).toEqual(['trainings:/data']);
  expect(compose.volumes).toHaveProperty('trainings');
});

test.each(OURS)('%s: every setting is one that the service knows, and it takes all of them', (name) => {
  const settings = settingsOf(name);
  expect(unknownSettings(settings)).toEqual([]);
  expect(readConfig(settings)).toMatchObject({
    role: settings['ROLE'] ?? 'all',
    databaseUrl: expect.stringMatching(/^postgres:\/\/defectdiffu:\w+@postgres:5432\/defectdiffu$/),
    s3: { bucket: 'defectdiffu', endpoint: 'http://s3:7070', publicEndpoint: 'http://localhost:7070', pathStyle: true },
    devices: ['cpu'],
    urlSecret: expect.anything(),
    keyHashSecret: expect.any(String),
    metricsToken: expect.any(String),
  });
});

test('what is not to be known is asked for, and asked for in the example, where it is empty', () => {
  const text = readFileSync('compose.yaml', 'utf8');
  const required = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
  const secret = [...example].filter(([, value]) => value === '').map(([name]) => name);
  expect([...required].sort()).toEqual(secret.sort());
  expect(text).not.toMatch(/(PASSWORD|SECRET|KEY)\w*: *['"]?\w/);
  expect(readFileSync('.gitignore', 'utf8').split('\n')).toContain('deploy/.env');
});

test('what is mounted and run exists; no two processes share a data directory', () => {
  const mounted = Object.values(services).flatMap((service): string[] => service.volumes ?? []);
  for (const source of mounted.filter((each) => each.startsWith('./')).map((each) => each.split(':')[0] ?? '')) {
    expect([source, existsSync(source)]).toEqual([source, true]);
  }
  const run = [services['bucket'].command[0], services['api'].healthcheck.test[2]] as string[];
  for (const script of run) expect([script, existsSync(script)]).toEqual([script, true]);
  for (const name of ['api', 'worker']) expect(services[name].volumes).toEqual(['/data']);
});

test('a container is given longer to end than the service gives itself', () => {
  const [, milliseconds = ''] = /SHUTDOWN_MS = ([\d_]+)/.exec(readFileSync('src/program.ts', 'utf8')) ?? [];
  const seconds = Number(milliseconds.replaceAll('_', '')) / 1000;
  for (const name of ['api', 'worker']) {
    expect(Number.parseInt(services[name].stop_grace_period as string, 10)).toBeGreaterThan(seconds);
  }
});

test('with GPUs the worker is the image that the Dockerfile calls cuda, with all of them', () => {
  const { build, environment, deploy } = gpus.services.worker;
  expect(build.target).toBe(stage('cuda').name);
  expect(unknownSettings(environment as object)).toEqual([]);
  expect(deploy.resources.reservations.devices).toEqual([{ driver: 'nvidia', count: 'all', capabilities: ['gpu'] }]);
  expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(gpus.services as object)));
});
