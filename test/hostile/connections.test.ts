/** Open connections are bounded, before and after the key is known, and no tenant takes the others' room. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Browser } from '../support/console.js';
import { postKey, signIn } from '../support/console.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, newDataDirectory, startServer } from '../support/server.js';
import type { Speaker } from '../support/socket.js';
import { speak } from '../support/socket.js';
import { newTenant } from '../support/stranger.js';
import { until } from '../support/until.js';

const CONNECTIONS = 40;
/** A minute. */
const RATE = 30;

let server: Server;
let other: string;
beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  other = await newTenant(dataDirectory, 'other');
  server = await startServer({
    DATA_DIR: dataDirectory,
    MAX_CONNECTIONS: String(CONNECTIONS),
    MAX_UNKNOWN_SOCKETS: '3',
    MAX_SESSIONS: '6',
    MAX_TENANT_SESSIONS: '5',
    RATE_LIMIT_PER_MINUTE: String(RATE),
  });
});

const streamStatus = async (key: string): Promise<Response> =>
  fetch(`${server.url}/stream`, { method: 'PUT', headers: { authorization: `Bearer ${key}` } });

test('a tenant has half of what the others leave; it is told so, and the others come in', async () => {
  const own: Speaker[] = [];
  for (let i = 0; i < 3; i++) own.push(await speak(server));
  const socket = new WebSocket(server.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
  socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${TEST_KEY}` } }))); // prettier-ignore
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([1013, expect.stringMatching(/^TOO_MANY_SESSIONS: The tenant has 3 of at most 3/)]); // prettier-ignore

  const refused = await streamStatus(TEST_KEY);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  const { errors } = (await refused.json()) as Json;
  expect(errors[0].extensions).toMatchObject({ code: 'TOO_MANY_SESSIONS', limit: 3, retryAfterMs: 5000 });

  const theirs = await speak(server, other);
  // Of the five that the other one leaves, half are two: closed connections make room again.
  for (const speaker of own.splice(1)) speaker.close();
  own.push(await speakSoon());
  for (const speaker of [...own, theirs]) speaker.close();
});

test('strangers that do not say who they are make room for those who do', async () => {
  const path = '/graphql';
  const upgrade = `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`; // prettier-ignore
  const open = async (): Promise<{ socket: Socket; heard: () => string }> => {
    const socket = connectTo();
    let heard = '';
    socket.on('data', (data) => (heard += data.toString('latin1'))).write(upgrade);
    await once(socket, 'data');
    heard = '';
    return { socket, heard: () => heard };
  };
  // On a busy machine, strangers can reach their deadline first, which says goodbye to them. Who makes room hears nothing.
  await until(async () => {
    const idle = [await open(), await open(), await open()];
    const [{ socket, heard } = await open()] = idle;
    const closed = socket.destroyed ? undefined : once(socket, 'close');
    const speaker = await speakSoon();
    await closed;
    speaker.close();
    for (const each of idle) each.socket.destroy();
    return heard() === '';
  });
});

test('connections beyond the bound are closed at once, and the others go on', async () => {
  const speaker = await speakSoon();
  const sockets = Array.from({ length: 2 * CONNECTIONS }, connectTo);
  let closed = 0;
  for (const socket of sockets) socket.once('close', () => (closed += 1));
  await until(() => closed > CONNECTIONS);
  speaker.send({ type: 'ping' });
  expect(await speaker.next()).toMatchObject({ type: 'pong' });
  for (const socket of sockets) socket.destroy();
  await until(async () => (await fetch(new URL('/livez', server.url)).catch(() => undefined))?.status === 200);
  speaker.close();
});

test('of the sessions of one key, the oldest ends; signing in counts as an operation', async () => {
  const browsers: Browser[] = [];
  for (let i = 0; i < 21; i++) browsers.push(await signIn(server, other));
  const described = async (browser: Browser | undefined): Promise<Json> =>
    ((await (await browser?.fetch('/session'))?.json()) as Json).session;
  expect(await described(browsers[0])).toBeNull();
  for (const browser of [browsers[1], browsers[20]])
    expect(await described(browser)).toMatchObject({ tenant: 'other' });
  await until(async () => (await postKey(server, other)).status === 429);
});

/** Once those that were closed are gone. */
function speakSoon(): Promise<Speaker> {
  return until(() => speak(server).catch(() => undefined));
}

function connectTo(): Socket {
  const { hostname, port } = new URL(server.url);
  return connect(Number(port), hostname).on('error', () => undefined);
}
