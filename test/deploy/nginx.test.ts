/** deploy/nginx.conf, run by a real nginx where there is one: every transport passes, as it does without it. */
import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-sse';
import sharp from 'sharp';
import { endDaemon, freePort, startDaemon } from '../support/daemon.js';
import { EVENTS, QUICK, bytesAt, finished, generate, samplesIn } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, startServer } from '../support/server.js';
import { speak } from '../support/socket.js';
import { send } from '../support/uploads.js';

const NGINX = '/usr/sbin/nginx';
const describeWithNginx = spawnSync(NGINX, ['-v']).status === 0 ? describe : describe.skip;

describeWithNginx('nginx', () => {
  let folder: string;
  let proxy: ChildProcess | undefined;
  let server: Server;
  let through: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'defectdiffu-nginx-'));
    const port = String(await freePort());
    const origin = `http://127.0.0.1:${port}`;
    server = await startServer({ PUBLIC_URL: origin });
    const site = readFileSync('deploy/nginx.conf', 'utf8')
      .replace('server 127.0.0.1:4000;', `server ${new URL(server.url).host};`)
      .replace('listen 8080;', `listen 127.0.0.1:${port};`);
    writeFileSync(join(folder, 'site.conf'), site);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const paths = temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n');
    const http = `access_log off; ${paths}\ninclude ${folder}/site.conf;`;
    const main = `daemon off; pid ${folder}/pid; error_log stderr;\nevents {}\nhttp { ${http} }\n`;
    writeFileSync(join(folder, 'nginx.conf'), main);
    proxy = await startDaemon({
      command: NGINX,
      args: ['-e', 'stderr', '-c', join(folder, 'nginx.conf')],
      logFile: join(folder, 'log'),
      isUp: async () => {
        const { status } = await fetch(`${origin}/readyz`);
        if (status !== 200) throw new Error(String(status));
      },
    });
    const url = `${origin}/graphql`;
    const headers = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' };
    const ask = async (query: string, variables: object = {}) => {
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
      return (await response.json()) as Json;
    };
    through = { ...server, url, ask, data: async (query, variables) => (await ask(query, variables)).data };
  });
  afterAll(async () => {
    if (proxy !== undefined) await endDaemon(proxy, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  test('queries, uploads above its own limit, pictures, and nothing for the operator', async () => {
    const raw = { width: 900, height: 900, channels: 3 } as const;
    const photograph = await sharp(randomBytes(900 * 900 * 3), { raw })
      .png()
      .toBuffer();
    expect(photograph.length).toBeGreaterThan(1024 * 1024);
    expect(await send(through, photograph)).toMatchObject({ width: 900 });
    const [sample] = samplesIn(await finished(through, (await generate(through, QUICK)).id));
    expect(new URL(sample.image.url).origin).toBe(new URL(through.url).origin);
    expect((await bytesAt(sample.image.url)).subarray(1, 4).toString()).toBe('PNG');
    expect((await fetch(new URL('/metrics', through.url))).status).toBe(404);
  });

  test('subscriptions over WebSocket and server-sent events', async () => {
    const { id } = await generate(through, QUICK);
    const socket = await speak(through);
    const variables = { id, after: 0 };
    socket.send({ id: '1', type: 'subscribe', payload: { query: EVENTS, variables } });
    expect((await socket.next()).payload.data.generationEvents.type).toBe('GenerationQueued');
    socket.close();
    const headers = { authorization: `Bearer ${TEST_KEY}` };
    const client = createClient({ url: `${through.url}/stream`, headers });
    const seen: string[] = [];
    for await (const { data } of client.iterate<Json>({ query: EVENTS, variables }))
      seen.push(data?.generationEvents.type as string);
    expect(seen.at(-1)).toBe('GenerationSucceeded');
    client.dispose();
  });
});
