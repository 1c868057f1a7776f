/** What a client costs before it is known, and one that does not read. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, startServer } from '../support/server.js';
import { until } from '../support/until.js';

const MEGABYTE = 1024 * 1024;

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

/** Resident memory of the service, in bytes. */
function memory(): number {
  const status = readFileSync(`/proc/${String(server.process.pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

async function post(body: string, key?: string): Promise<{ status: number; error: Json; headers: Headers }> {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  const response = await fetch(server.url, { method: 'POST', body, headers });
  return { status: response.status, error: ((await response.json()) as Json).errors[0], headers: response.headers };
}

describe('a body', () => {
  test('of who is not known is not read, whatever it is', async () => {
    for (const body of [deep(100_000), '{', JSON.stringify({ query: 'x'.repeat(200_000) })]) {
      const { status, error } = await post(body);
      expect([status, error.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    }
    expect(server.output()).not.toContain('"level":"error"');
  });

  test('that is nested deeply is refused, in the body, in variables, and over WebSocket', async () => {
    for (const body of [deep(100_000), `{"query":"{ serverInfo { version } }","variables":{"x":${deep(100_000)}}}`]) {
      const { status, error } = await post(body, TEST_KEY);
      expect([status, error.extensions.code]).toEqual([400, 'BAD_REQUEST']);
      expect(error.message).toBe('The request cannot be read: it is nested deeper than 64 levels');
    }
    // Brackets in text do not count.
    const { status } = await post(
      JSON.stringify({ query: `{ product(partNumber: "${'['.repeat(100)}\\"{") { id } }`, x: 1 }),
      TEST_KEY,
    ).catch(() => ({ status: 200 }));
    expect(status).toBe(200);
    const socket = await known();
    socket.write(
      frame(`{"id":"1","type":"subscribe","payload":{"query":"{ __typename }","variables":${deep(50_000)}}}`),
    );
    expect((await ended(socket)).toString('latin1')).toContain('Invalid message received');
  });

  test('of very many parts is refused before it is parsed, compressed or not', async () => {
    const body = `{"query":"mutation { importCatalog }","variables":{"x":[${'{},'.repeat(250_000)}{}]}}`;
    expect((await post(body, TEST_KEY)).error.message).toBe(
      'The request cannot be read: it has more than 250000 objects, lists, and fields of objects',
    );
    const named = Array.from({ length: 30_000 }, (_, i) => `"key${String(i)}":0`).join();
    const { error } = await post(`{"query":"mutation { importCatalog }","variables":{${named}}}`, TEST_KEY);
    expect(error.message).toBe('The request cannot be read: its fields have more than 20000 different names');
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${TEST_KEY}`,
      'content-encoding': 'gzip',
    };
    expect((await fetch(server.url, { method: 'POST', body: gzipSync(body), headers })).status).toBe(400);
    const large = JSON.stringify({ query: '{ serverInfo { version } }', variables: { x: 'x'.repeat(300_000) } });
    expect((await fetch(server.url, { method: 'POST', body: gzipSync(large), headers })).status).toBe(413);
  });

  test('is answered with JSON that a browser does not take for a page', async () => {
    expect((await post('{}')).headers.get('x-content-type-options')).toBe('nosniff');
    for (const path of ['/livez', '/readyz', '/nothing', '/metrics', '/artifacts/x/y', '/graphql/stream'])
      expect((await fetch(new URL(path, server.url))).headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('a WebSocket', () => {
  test('of who is not known is closed after 16 KiB, and nothing is kept of it', async () => {
    const big = JSON.stringify({ type: 'connection_init', payload: { x: 'x'.repeat(20_000) } });
    expect((await ended(await upgrade(frame(big)))).toString('latin1')).toContain('At most 16384 bytes');
    const before = memory();
    const ping = frame(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(1_000) } }));
    const sockets = await Promise.all(Array.from({ length: 12 }, () => upgrade(ping)));
    await Promise.all(sockets.map((socket) => flood(socket, ping)));
    expect(memory() - before).toBeLessThan(64 * MEGABYTE);
  });

  test('that does not read is not read from, and closed', async () => {
    const before = memory();
    const ping = frame(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(4_000) } }));
    const socket = await known();
    const sent = await flood(socket, ping);
    expect(sent).toBeLessThan(64 * MEGABYTE);
    expect(memory() - before).toBeLessThan(64 * MEGABYTE);
  });

  test('that breaks off writes no stack', async () => {
    const socket = await known();
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    await ended(socket);
    for (const line of server.output().trim().split('\n'))
      if (!line.startsWith('DefectDiffu') && !line.startsWith('API key') && line !== '')
        expect(() => JSON.parse(line)).not.toThrow();
  });
});

const acknowledged = frame(
  JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${TEST_KEY}` } }),
);

/** A masked text frame, as a client sends it. The mask is zero. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(0x81ff);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** An open WebSocket without a library. It reads nothing that comes after the first answer. */
async function upgrade(...frames: readonly Buffer[]): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    'GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('readable', resolve));
  for (const each of frames) socket.write(each);
  return socket;
}

/** One whose connection is acknowledged. */
async function known(): Promise<Socket> {
  const socket = await upgrade(acknowledged);
  let text = '';
  await until(() => (text += ((socket.read() as Buffer | null) ?? '').toString('latin1')).includes('connection_ack'));
  return socket;
}

/** Everything that came until the service closed the connection. */
async function ended(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.resume();
  await until(() => socket.destroyed || socket.readableEnded);
  return Buffer.concat(chunks);
}

/** Sends as fast as it can, reading nothing, until the service closes the connection. Returns the bytes that it took. */
async function flood(socket: Socket, piece: Buffer): Promise<number> {
  const many = Buffer.concat(Array.from({ length: Math.ceil(65_536 / piece.length) }, () => piece));
  let sent = 0;
  while (!socket.destroyed) {
    const taken = await new Promise<boolean>((resolve) => {
      socket.once('close', () => resolve(false));
      socket.write(many, (error) => resolve(error === undefined || error === null));
    });
    if (!taken) break;
    sent += many.length;
  }
  return sent;
}
