/** Receivers that do not play by the rules, and what they cost other tenants. */
import { once } from 'node:events';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { createServer } from 'node:net';
import { QUICK, finished, generate } from '../support/generations.js';
import { LOCAL_WEBHOOKS, createWebhook, settled, startReceiver } from '../support/receiver.js';
import type { Server } from '../support/server.js';
import { newDataDirectory, startServer } from '../support/server.js';
import { runTenantsHere } from '../support/tenancy.js';
import { until } from '../support/until.js';
import { DONE } from '../support/webhooks.js';

let server: Server;
let otherKey: string;
beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  const { stdout } = await runTenantsHere(dataDirectory, 'create', 'other', '--admin-key');
  otherKey = /dd_\S+/.exec(stdout)?.[0] ?? '';
  const env = { ...LOCAL_WEBHOOKS, MAX_WEBHOOKS: '100', WEBHOOK_RETRY_SECONDS: '0.05', WEBHOOK_TIMEOUT_SECONDS: '5' };
  server = await startServer({ DATA_DIR: dataDirectory, ...env });
  const items = '{ products: [{ partNumber: "TILE", name: "tile" }], defects: [{ code: "CRACK", name: "crack" }] }';
  await server.data(`mutation { importCatalog(input: ${items}) { products { created } } }`, {}, otherKey);
});

const open: TcpServer[] = [];
afterAll(() => open.forEach((each) => each.close()));

/** @param answer is sent when a request arrives, and the connection stays open */
async function startRaw(answer: string): Promise<{ url: string; sockets: Set<Socket>; most: () => number }> {
  const sockets = new Set<Socket>();
  let most = 0;
  const tcp = createServer((socket) => {
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => answer !== '' && socket.write(answer));
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  open.push(tcp);
  return { url: `http://127.0.0.1:${String((tcp.address() as AddressInfo).port)}/`, sockets, most: () => most };
}

test.each([
  ['101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', /^given up .*answered 101/],
  ['102 without end', 'HTTP/1.1 102 Processing\r\n\r\n', /no answer within 5 s/],
  ['a body without end', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nx', /no answer within 5 s/],
])('an attempt whose receiver answers %s ends, and its connection with it', async (_, answer, reason) => {
  const { url, sockets } = await startRaw(answer);
  const { id } = await createWebhook(server, url, DONE);
  await finished(server, (await generate(server, QUICK)).id);
  const [delivery] = await settled(server, id, ({ status }) => status === 'FAILED');
  expect(delivery).toMatchObject({ attempts: 2, lastError: expect.stringMatching(reason) });
  await until(() => sockets.size === 0);
  await server.data('mutation ($id: ID!) { deleteWebhook(id: $id) { id } }', { id });
});

test('many silent receivers of one tenant hold a quarter of the attempts, and another tenant gets its delivery', async () => {
  const silent = await startRaw('');
  for (let i = 0; i < 40; i++) await createWebhook(server, silent.url, DONE);
  const polite = await startReceiver();
  await createWebhook(server, polite.url, DONE, otherKey);
  await finished(server, (await generate(server, QUICK)).id);
  await until(() => silent.sockets.size > 0);
  await generate(server, QUICK, otherKey);
  await polite.heard(1);
  expect(silent.most()).toBeLessThanOrEqual(16);
});

test('a stop does not wait for silent receivers', async () => {
  const patient = await startServer({ ...LOCAL_WEBHOOKS, WEBHOOK_TIMEOUT_SECONDS: '30' });
  const silent = await startRaw('');
  await createWebhook(patient, silent.url, DONE);
  await finished(patient, (await generate(patient, QUICK)).id);
  await until(() => silent.sockets.size > 0);
  // A process that cannot close everything in 15 s ends itself with 1.
  expect(await patient.stop()).toBe(0);
});
