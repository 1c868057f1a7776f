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

test(
  'a generation that kills its device every time fails with an error that says so, and the next one is drawn',
  async () => {
    const server = await startServer();
    const { id } = await generate(server, LONG);
    await eventsOf(server, id, 0, ({ type }) => type === 'GenerationProgressed');
    const ended = finished(server, id);
    for (let crash = 1, last = 0; crash <= 3; crash++) {
      while (devicePid(server) === last) await sleep(20);
      last = devicePid(server);
      process.kill(last, 'SIGKILL');
    }
    const failed = await ended;
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'DEVICE_LOST' } });
    expect(failed.error.message).toMatch(/it died 3 times while it drew this sample, which is given up/);
    expect((await finished(server, (await generate(server, QUICK)).id)).status).toBe('SUCCEEDED');
  },
  TIMEOUT_MS,
);
