/** Webhooks over TLS, to a receiver with a certificate of its own. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QUICK, finished, generate } from './support/generations.js';
import { createWebhook, settled } from './support/receiver.js';
import { startServer } from './support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-tls-'));
const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
const hosts: (string | undefined)[] = [];
let receiver: ReturnType<typeof createServer>;
let url: string;

beforeAll(async () => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'ignore',
  });
  receiver = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    hosts.push(request.headers.host);
    request.resume().on('end', () => response.writeHead(200).end());
  });
  receiver.listen(0, 'localhost');
  await once(receiver, 'listening');
  url = `https://localhost:${String((receiver.address() as AddressInfo).port)}/hook`;
});

afterAll(() => {
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const LOCAL = { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8,::1/128', WEBHOOK_RETRY_SECONDS: '0.05' };

test('a certificate that nobody vouches for is refused', async () => {
  const server = await startServer(LOCAL);
  const { id } = await createWebhook(server, url, ['GENERATION_SUCCEEDED']);
  await finished(server, (await generate(server, QUICK)).id);
  const [failed] = await settled(server, id, ({ status }) => status === 'FAILED');
  expect(failed.lastError).toBe('given up after 2 attempts: the connection failed: DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(hosts).toEqual([]);
});

test("a plant's own authority is trusted when the operator says so", async () => {
  const server = await startServer({ ...LOCAL, NODE_EXTRA_CA_CERTS: certificate });
  const named = await createWebhook(server, url, ['GENERATION_SUCCEEDED']);
  await finished(server, (await generate(server, QUICK)).id);
  await settled(server, named.id, ({ status }) => status === 'SUCCEEDED');
  expect(hosts).toEqual([new URL(url).host]);
});
