/** A crash counts against the generations whose samples ran on the device that crashed, and against nothing else. */
import { setTimeout as sleep } from 'node:timers/promises';
import { onPgliteOnly } from './support/database.js';
import { GENERATE, QUICK, eventsOf, finished, generate, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';

/** Long enough that no sample is ready before the kill. */
const LONG = { ...QUICK, steps: 900, count: 1 };
const TIMEOUT_MS = 300_000;

/** The process of the newest device worker, from the log. */
function devicePid(server: Server): number {
  const ready =
    server
      .output()
      .match(/^.*device cpu is ready.*$/gm)
      ?.at(-1) ?? '{}';
  return (JSON.parse(ready) as { pid: number }).pid;
}

async function attemptsOf(server: Server): Promise<number[]> {
  const { generations } = await server.data('{ generations { edges { node { attempts { number } } } } }');
  return generations.edges.map(({ node }: Json) => node.attempts.length);
}

onPgliteOnly(
  'six kills of the process from outside fail none of the generations that it had claimed',
  async () => {
    const dataDirectory = newDataDirectory();
    let server = await startServer({ DATA_DIR: dataDirectory });
    const input = [1, 2, 3, 4].map((seed) => ({ ...LONG, seed }));
    const { generateDefects } = await server.data(GENERATE, { input });
    for (let kill = 1; kill <= 6; kill++) {
      while ((await attemptsOf(server)).some((attempts) => attempts < kill)) await sleep(20);
      await server.kill();
      server = await startServer({ DATA_DIR: dataDirectory });
    }
    for (const { id } of generateDefects) {
      const done = await finished(server, id);
      expect([done.status, done.error, samplesIn(done).length]).toEqual(['SUCCEEDED', null, 1]);
    }
    expect(await attemptsOf(server)).toEqual([7, 7, 7, 7]);
  },
  TIMEOUT_MS,
);

/** Kills the device worker this many times. The worker that replaces it gets its sample as soon as it is ready. */
async function killDevice(server: Server, times: number): Promise<void> {
  for (let crash = 1; crash <= times; crash++) {
    const pid = devicePid(server);
    process.kill(pid, 'SIGKILL');
    while (devicePid(server) === pid) await sleep(20);
  }
}

const isProgress = ({ type }: Json): boolean => type === 'GenerationProgressed';

test(
  'a generation that kills its device every time fails with an error that says so, and the next one is drawn',
  async () => {
    const server = await startServer();
    const { id } = await generate(server, LONG);
    await eventsOf(server, id, 0, isProgress);
    const ended = finished(server, id);
    await killDevice(server, 3);
    const failed = await ended;
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'DEVICE_LOST' } });
    expect(failed.error.message).toMatch(/it died 3 times while it drew this sample, which is given up/);
    expect((await finished(server, (await generate(server, QUICK)).id)).status).toBe('SUCCEEDED');
  },
  TIMEOUT_MS,
);

test(
  'the crashes of a device are remembered when the process dies too',
  async () => {
    const env = { DATA_DIR: newDataDirectory() };
    let server = await startServer(env);
    const { id } = await generate(server, LONG);
    let seen = 0;
    // Two in each life are fewer than a process lets one sample have.
    for (const crashes of [2, 2, 1]) {
      seen = (await eventsOf(server, id, seen, isProgress)).at(-1).seq;
      await killDevice(server, crashes);
      if (crashes === 1) break;
      await server.kill();
      server = await startServer(env);
    }
    const failed = await finished(server, id);
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'DEVICE_LOST' } });
    expect(failed.error.message).toMatch(/^device workers died 5 times while they drew samples of this generation/);
  },
  TIMEOUT_MS,
);
