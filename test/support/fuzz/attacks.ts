/** One hostile request or message over one of the transports. Each resolves to what the service answered. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Random } from './random.js';
import { ID, TEXTS } from './random.js';
import { junk, operation } from './operations.js';

export interface Target {
  readonly url: string;
  readonly keys: readonly string[];
  /** Signed URLs of open uploads. */
  readonly uploads: readonly string[];
}

export type Attack = (target: Target, random: Random) => Promise<string>;

/** An attack that takes longer found something: nothing here is large. */
const PATIENCE_MS = 120_000;
const JSON_TYPE = { 'content-type': 'application/json' };

export const authorization = ({ keys }: Target, random: Random): Record<string, string> =>
  random.chance(0.9)
    ? { authorization: `Bearer ${random.pick(keys)}` }
    : random.chance(0.5)
      ? {}
      : { authorization: 'Bearer \u00ff' };

export async function request(url: string | URL, init: RequestInit): Promise<string> {
  const response = await fetch(url, { ...init, signal: init.signal ?? AbortSignal.timeout(PATIENCE_MS) });
  return `${String(response.status)} ${await response.text()}`;
}

export const post: Attack = (target, random) =>
  request(target.url, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...authorization(target, random) },
    body: JSON.stringify(operation(random)),
  });

export const get: Attack = async (target, random) => {
  const { query, variables } = operation(random);
  const url = new URL(target.url);
  url.searchParams.set('query', (typeof query === 'string' ? query : JSON.stringify(query)).slice(0, 4_000));
  if (random.chance(0.5)) url.searchParams.set('variables', JSON.stringify(variables ?? null).slice(0, 2_000));
  return request(url, { headers: { ...JSON_TYPE, ...authorization(target, random) } });
};

/** Bodies that are no request. */
export const body: Attack = (target, random) => {
  const text = JSON.stringify(operation(random));
  const bodies: (() => string | Buffer)[] = [
    () => text.slice(0, random.int(text.length)),
    () => JSON.stringify(junk(random)),
    () => '['.repeat(5_000),
    () => `{"query":"{ __typename }","variables":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}}`,
    () => random.bytes(1 + random.int(2_000)),
    () => `[${text},${text}]`,
    () => text + ' '.repeat(300_000),
  ];
  const types = [
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'multipart/form-data; boundary=x',
    '',
  ];
  const type = random.pick(types);
  const coding: Record<string, string> = random.chance(0.1)
    ? { 'content-encoding': random.pick(['gzip', 'br', 'x']) }
    : {};
  const headers = { ...authorization(target, random), ...coding, ...(type === '' ? {} : { 'content-type': type }) };
  const path = random.pick(['', '', '/stream', '/nothing']);
  return request(target.url + path, {
    method: random.pick(['POST', 'PUT', 'DELETE']),
    headers,
    body: random.pick(bodies)() as string,
  });
};

/** Server-sent events, which are left after the first ones. */
export const stream: Attack = async (target, random) => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 20 + random.int(100));
  try {
    const headers = { ...JSON_TYPE, accept: 'text/event-stream', ...authorization(target, random) };
    const init = { method: 'POST', headers, body: JSON.stringify(operation(random)), signal: abort.signal };
    return await request(`${target.url}/stream`, init);
  } catch (error) {
    if (abort.signal.aborted) return 'left';
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

export const upload: Attack = async (target, random) => {
  const url = new URL(random.pick(target.uploads));
  if (random.chance(0.3))
    url.searchParams.set(random.pick(['expires', 'caller', 'signature']), random.pick(TEXTS).slice(0, 300));
  if (random.chance(0.1))
    url.pathname = `/uploads/${ID}/${encodeURIComponent(random.pick(TEXTS).slice(0, 300).toWellFormed())}`;
  const head = random.pick([
    '89504e470d0a1a0a0000000d49484452',
    'ffd8ffe000104a46494600',
    '49492a0008000000',
    '52494646',
    '',
  ]);
  return request(url, {
    method: 'PUT',
    body: Buffer.concat([Buffer.from(head, 'hex'), random.bytes(random.int(3_000))]),
  });
};

export const artifact: Attack = (target, random) => {
  const part = (): string =>
    encodeURIComponent(
      random
        .pick([...TEXTS, '..', ID, `${'0'.repeat(48)}.png`])
        .slice(0, 300)
        .toWellFormed(),
    );
  const url = new URL(
    `/artifacts/${part()}/${part()}?expires=${String(random.int(2 ** 31))}&signature=${part()}`,
    target.url,
  );
  return request(url, { headers: authorization(target, random) });
};

/** Bytes that are neither HTTP nor frames of a WebSocket. */
export const bytes: Attack = async ({ url }, random) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  if (random.chance(0.7)) {
    socket.write(
      'GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
        `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: ${random.pick(['graphql-transport-ws', 'graphql-ws', 'x'])}\r\n\r\n`,
    );
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  }
  socket.end(random.bytes(1 + random.int(500)));
  const timer = setTimeout(() => socket.destroy(), 100);
  await once(socket, 'close');
  clearTimeout(timer);
  return answer;
};

/** Messages over a few WebSockets, which are opened again when the service closes them. */
export function createTalkers(count: number): { attack: Attack; close(): void } {
  const sockets: (WebSocket | undefined)[] = Array.from({ length: count }, () => undefined);

  async function open(target: Target, random: Random, i: number): Promise<WebSocket> {
    const socket = new WebSocket(target.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    socket.on('error', () => undefined);
    sockets[i] = socket;
    await Promise.race([once(socket, 'open'), once(socket, 'close')]);
    if (random.chance(0.9))
      socket.send(JSON.stringify({ type: 'connection_init', payload: authorization(target, random) }));
    return socket;
  }

  function message(random: Random): string | Buffer {
    const id = random.pick(['1', '2', '3', '4', '5', '__proto__', '', 7]);
    return random.pick<() => string | Buffer>([
      ...Array.from({ length: 8 }, () => () => JSON.stringify({ id, type: 'subscribe', payload: operation(random) })),
      () => JSON.stringify({ id, type: 'complete' }),
      () => JSON.stringify({ type: random.pick(['ping', 'pong']), payload: junk(random) }),
      () => JSON.stringify({ id, type: random.pick(['next', 'error', 'connection_ack', 'x']), payload: junk(random) }),
      () => JSON.stringify(junk(random)),
      () => `{"type":"ping","payload":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
      () => random.bytes(1 + random.int(300)),
    ])();
  }

  return {
    async attack(target, random) {
      const i = random.int(count);
      const known = sockets[i];
      const socket = known?.readyState === WebSocket.OPEN ? known : await open(target, random, i);
      if (socket.readyState !== WebSocket.OPEN) return 'closed';
      const end = AbortSignal.timeout(50);
      const answer = Promise.race([
        once(socket, 'message', { signal: end }).then(([data]) => String(data)),
        once(socket, 'close', { signal: end }).then(([code]) => `closed ${String(code)}`),
      ]).catch(() => 'silent');
      socket.send(message(random));
      return answer;
    },
    close: () => sockets.forEach((socket) => socket?.terminate()),
  };
}
