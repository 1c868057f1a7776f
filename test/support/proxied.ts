/** The service behind a proxy that is run for real, and what has to pass through every proxy. */
import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-sse';
import sharp from 'sharp';
import { EVENTS, QUICK, bytesAt, finished, generate, samplesIn } from './generations.js';
import { endDaemon, freePort, startDaemon } from './daemon.js';
import type { Json, Server } from './server.js';
import { TEST_KEY, startServer } from './server.js';
import { speak } from './socket.js';
import { send } from './uploads.js';

/** nginx takes no larger body by default. */
const MEBIBYTE = 1024 * 1024;

export interface Proxy {
  readonly command: string;
  /** Prints the version. */
  readonly versionArgs: readonly string[];
  /** Writes its configuration into the folder. Returns the arguments to run it with, on that port of 127.0.0.1. */
  configure(folder: string, port: string, service: URL): string[];
}

/** Skipped where the program is not installed. */
export function describeProxy(name: string, { command, versionArgs, configure }: Proxy): void {
  const installed = spawnSync(command, versionArgs).status === 0;
  (installed ? describe : describe.skip)(name, () => {
    let folder: string;
    let proxy: ChildProcess | undefined;
    let through: Server;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'defectdiffu-proxy-'));
      const port = String(await freePort());
      const origin = `http://127.0.0.1:${port}`;
      const server = await startServer({ PUBLIC_URL: origin });
      proxy = await startDaemon({
        command,
        args: configure(folder, port, new URL(server.url)),
        logFile: join(folder, 'log'),
        isUp: async () => {
          const { status } = await fetch(`${origin}/readyz`);
          if (status !== 200) throw new Error(String(status));
        },
      });
      through = behind(server, origin);
    });
    afterAll(async () => {
      if (proxy !== undefined) await endDaemon(proxy, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    });
    passesEverything(() => through);
  });
}

/** @param origin that of the proxy */
function behind(server: Server, origin: string): Server {
  const url = `${origin}/graphql`;
  const headers = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' };
  const ask = async (query: string, variables: object = {}) => {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return (await response.json()) as Json;
  };
  return { ...server, url, ask, data: async (query, variables) => (await ask(query, variables)).data };
}

/** @param through for when the tests run */
function passesEverything(through: () => Server): void {
  test('queries, uploads above a mebibyte, pictures, and nothing for the operator', async () => {
    const raw = { width: 900, height: 900, channels: 3 } as const;
    const photograph = await sharp(randomBytes(900 * 900 * 3), { raw })
      .png()
      .toBuffer();
    expect(photograph.length).toBeGreaterThan(MEBIBYTE);
    expect(await send(through(), photograph)).toMatchObject({ width: 900 });
    const [sample] = samplesIn(await finished(through(), (await generate(through(), QUICK)).id));
    expect(new URL(sample.image.url).origin).toBe(new URL(through().url).origin);
    expect((await bytesAt(sample.image.url)).subarray(1, 4).toString()).toBe('PNG');
    expect((await fetch(new URL('/metrics', through().url))).status).toBe(404);
  });

  test('subscriptions over WebSocket and server-sent events', async () => {
    const { id } = await generate(through(), QUICK);
    const socket = await speak(through());
    const variables = { id, after: 0 };
    socket.send({ id: '1', type: 'subscribe', payload: { query: EVENTS, variables } });
    expect((await socket.next()).payload.data.generationEvents.type).toBe('GenerationQueued');
    socket.close();
    const headers = { authorization: `Bearer ${TEST_KEY}` };
    const client = createClient({ url: `${through().url}/stream`, headers });
    const seen: string[] = [];
    for await (const { data } of client.iterate<Json>({ query: EVENTS, variables }))
      seen.push(data?.generationEvents.type as string);
    expect(seen.at(-1)).toBe('GenerationSucceeded');
    client.dispose();
  });
}
