/** deploy/haproxy.cfg, run by a real HAProxy where there is one: who is asked, and that nothing is held back on the way. */
import { execFileSync, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { endDaemon, freePort, startDaemon } from '../support/daemon.js';
import { EVENTS, QUICK, generate } from '../support/generations.js';
import { TEST_KEY, startServer } from '../support/server.js';
import type { Json, Server } from '../support/server.js';

const describeWithHaproxy = spawnSync('haproxy', ['-v']).status === 0 ? describe : describe.skip;

describeWithHaproxy('the load balancer', () => {
  let folder: string;
  let balancer: ChildProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'defectdiffu-balancer-'));
  });
  afterEach(async () => {
    if (balancer !== undefined) await endDaemon(balancer, 'SIGKILL');
    balancer = undefined;
    rmSync(folder, { recursive: true });
  });

  /** As in compose, but for the addresses. Resolves to its own once a process behind it is ready. */
  async function balance(...backends: readonly string[]): Promise<string> {
    const port = await freePort();
    const servers = backends.map((address, index) => `server s${String(index)} ${address}`);
    const config = readFileSync('deploy/haproxy.cfg', 'utf8')
      .replace('bind :8080', `bind 127.0.0.1:${String(port)}`)
      .replace('bind :8404', `bind 127.0.0.1:${String(await freePort())}`)
      .replace('resolvers containers init-addr none', '')
      .replace(/server-template .*/, servers.join('\n  '));
    writeFileSync(join(folder, 'haproxy.cfg'), config);
    const origin = `http://127.0.0.1:${String(port)}`;
    balancer = await startDaemon({
      command: 'haproxy',
      args: ['-db', '-f', join(folder, 'haproxy.cfg')],
      logFile: join(folder, 'log'),
      isUp: async () => {
        const { status } = await fetch(`${origin}/readyz`);
        if (status !== 200) throw new Error(String(status));
      },
    });
    return origin;
  }

  test('its configuration is valid as it is', () => {
    execFileSync('haproxy', ['-c', '-q', '-f', 'deploy/haproxy.cfg']);
  });

  test('leads requests and WebSockets to whichever process is there, and keeps what is for the operator', async () => {
    const [first, second] = (await Promise.all([startServer(), startServer()])) as [Server, Server];
    const origin = await balance(new URL(first.url).host, new URL(second.url).host);
    expect((await fetch(`${origin}/metrics`)).status).toBe(404);

    const { id } = await generate(first, QUICK);
    await second.stop();
    for (let request = 0; request < 6; request += 1) {
      expect((await fetch(`${origin}/livez`)).status).toBe(200); // also before the balancer has noticed
    }
    expect(await lastEvent(`${origin.replace('http', 'ws')}/graphql`, id as string)).toBe('GenerationSucceeded');
  });

  test('lets a stream through piece by piece', async () => {
    let goOn: () => void = () => undefined;
    const source = createServer((request, response) => {
      if (request.url === '/readyz') return void response.end('ok');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('first');
      goOn = () => response.end('second');
    }).listen(0, '127.0.0.1');
    await once(source, 'listening');
    const origin = await balance(`127.0.0.1:${String((source.address() as AddressInfo).port)}`);
    const { body } = await fetch(`${origin}/stream`);
    const pieces: string[] = [];
    for await (const piece of body ?? []) {
      pieces.push(Buffer.from(piece as Uint8Array).toString());
      goOn();
    }
    expect(pieces).toEqual(['first', 'second']);
    source.close();
  });
});

async function lastEvent(url: string, id: string): Promise<string> {
  const connectionParams = { authorization: `Bearer ${TEST_KEY}` };
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
  let last = '';
  for await (const { data } of client.iterate<Json>({ query: EVENTS, variables: { id, after: 0 } })) {
    last = (data as Json).generationEvents.type;
  }
  await client.dispose();
  return last;
}
