/** Everything that a key or token opened ends with it: subscriptions over both transports, and URLs of images. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { CANCEL, EVENTS, QUICK, SLOW, fetchGeneration, finished, generate, samplesIn } from './support/generations.js';
import type { Answer, Json, Server } from './support/server.js';
import { TEST_KEY, newFolder, startServer } from './support/server.js';
import { speak } from './support/socket.js';
import { createKey, revokeKey, runTenants, stream } from './support/tenancy.js';
import { createUpload, put } from './support/uploads.js';

const ISSUER = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'defectdiffu', JWT_CLOCK_SKEW_SECONDS: '0' };
const REVOKED = { message: 'This API key was revoked.', extensions: { code: 'UNAUTHENTICATED' } };
/** Enough for a busy machine to use the token in time. */
const TOKEN_SECONDS = 4;
const EXPIRED = { message: 'The token has expired.', extensions: { code: 'UNAUTHENTICATED' } };

let server: Server;
let slow: Json;
let token: (seconds: number) => Promise<string>;
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const file = join(newFolder(), 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [await exportJWK(publicKey)] }));
  token = (seconds) =>
    new SignJWT({ tenant: 'default', role: 'viewer' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(ISSUER.JWT_ISSUER)
      .setAudience(ISSUER.JWT_AUDIENCE)
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey);
  server = await startServer({ ...ISSUER, JWT_JWKS: file });
  slow = await generate(server, SLOW);
});

const subscription = () => ({ id: 'x', type: 'subscribe', payload: { query: EVENTS, variables: { id: slow.id } } });

/** The last message of an operation. */
async function lastOf(answers: AsyncIterable<Answer>): Promise<Answer | undefined> {
  let last: Answer | undefined;
  for await (const answer of answers) last = answer;
  return last;
}

async function nextError(speaker: Awaited<ReturnType<typeof speak>>): Promise<Json> {
  for (;;) {
    const message = await speaker.next();
    if (message.type === 'error') return message;
  }
}

test('over WebSocket a revoked key ends its subscriptions at once, and then the connection', async () => {
  const { secret, apiKey } = await createKey(server, { role: 'VIEWER' });
  const [theirs, others] = [await speak(server, secret), await speak(server)];
  theirs.send(subscription());
  others.send(subscription());
  await theirs.next();
  const ending = nextError(theirs);
  await revokeKey(server, apiKey.id);
  expect(await ending).toEqual({ id: 'x', type: 'error', payload: [REVOKED] });
  await expect(theirs.next()).rejects.toThrow('closed: 4401 UNAUTHENTICATED: This API key was revoked.');
  // A caller with another key is not disconnected.
  others.send({ id: 'y', type: 'subscribe', payload: { query: '{ caller { role } }' } });
  for (let message = await others.next(); message.id !== 'y';) message = await others.next();
  others.close();
});

test('over WebSocket a token ends at its time, and nothing can be asked after that', async () => {
  const speaker = await speak(server, await token(TOKEN_SECONDS));
  speaker.send(subscription());
  expect(await nextError(speaker)).toEqual({ id: 'x', type: 'error', payload: [EXPIRED] });
  speaker.send({ id: 'y', type: 'subscribe', payload: { query: '{ caller { role } }' } });
  await expect(speaker.next()).rejects.toThrow('closed: 4401 UNAUTHENTICATED: The token has expired.');
});

test('over server-sent events a revoked key ends its stream at once, and a token at its time', async () => {
  const { secret, apiKey } = await createKey(server, { role: 'VIEWER' });
  const answers = stream(server, EVENTS, { id: slow.id }, secret);
  await answers.next();
  const last = lastOf(answers);
  await revokeKey(server, apiKey.id);
  expect((await last)?.errors).toEqual([REVOKED]);
  expect((await lastOf(stream(server, EVENTS, { id: slow.id }, await token(TOKEN_SECONDS))))?.errors).toEqual([
    EXPIRED,
  ]);
});

describe('URLs of pictures', () => {
  let operator: Json;
  let mine: string;
  let theirs: string;
  beforeAll(async () => {
    operator = await createKey(server, { role: 'OPERATOR' });
    await server.data(CANCEL, { id: slow.id }); // it would be drawn first
    const { id } = await finished(server, (await generate(server, QUICK)).id);
    const image = async (key?: string) => samplesIn(await fetchGeneration(server, id, key))[0].image.url as string;
    [mine, theirs] = [await image(), await image(operator.secret)];
    slow = await generate(server, SLOW);
    expect(await image(operator.secret)).toBe(theirs); // the same for a while, for caches
  });

  const statusOf = async (url: string | URL, headers = {}) => {
    const response = await fetch(url, { headers });
    const body = response.status === 200 ? { error: { code: 'OK' } } : await response.json();
    return [response.status, (body as Json).error.code];
  };
  const unsigned = () => new URL(new URL(mine).pathname, mine);

  test('open without a signature to a key of their tenant', async () => {
    const headers = { authorization: `Bearer ${TEST_KEY}` };
    const response = await fetch(unsigned(), { headers });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
    expect(await statusOf(unsigned(), { authorization: `Bearer ${await token(60)}` })).toEqual([200, 'OK']);
    expect(await statusOf(unsigned(), { authorization: 'Bearer wrong' })).toEqual([401, 'UNAUTHENTICATED']);
    expect(await statusOf(unsigned())).toEqual([403, 'SIGNATURE_INVALID']);
  });

  test('do not change hands: the caller is signed too', async () => {
    const url = new URL(theirs);
    url.searchParams.delete('caller');
    expect(await statusOf(url)).toEqual([403, 'SIGNATURE_INVALID']);
    url.searchParams.set('caller', new URL(mine).searchParams.get('caller') ?? '');
    expect(await statusOf(url)).toEqual([403, 'SIGNATURE_INVALID']);
  });

  test('end with the key that asked for them, and uploads too', async () => {
    const upload = await createUpload(server, { purpose: 'MASK' }, operator.secret);
    expect(await statusOf(theirs)).toEqual([200, 'OK']);
    await revokeKey(server, operator.apiKey.id);
    expect(await statusOf(theirs)).toEqual([401, 'UNAUTHENTICATED']);
    expect(await statusOf(mine)).toEqual([200, 'OK']);
    const { status, body } = await put(upload.url, Buffer.from('x'));
    expect([status, body.errors[0].message]).toEqual([401, 'This API key was revoked.']);
  });

  test('end with the tenant', async () => {
    await server.data(CANCEL, { id: slow.id });
    await server.stop();
    expect((await runTenants(server.dataDirectory, 'disable', 'default')).code).toBe(0);
    server = await startServer({ DATA_DIR: server.dataDirectory }, { keep: true });
    const moved = new URL(mine);
    moved.port = new URL(server.url).port;
    expect(await statusOf(moved)).toEqual([401, 'UNAUTHENTICATED']);
    expect((await server.error('{ caller { role } }')).message).toBe('This tenant is disabled.');
    await server.stop();
    await runTenants(server.dataDirectory, 'enable', 'default');
    server = await startServer({ DATA_DIR: server.dataDirectory }, { keep: true });
    moved.port = new URL(server.url).port;
    expect(await statusOf(moved)).toEqual([200, 'OK']);
  });
});

test('a stream says what is wrong as GraphQL does, and changes nothing by GET', async () => {
  const errorsOf = async (query: string) =>
    (await lastOf(stream(server, query)))?.errors?.map((each) => each.extensions.code);
  expect(await errorsOf('{ nothing }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  expect(await errorsOf('{ oops')).toEqual(['GRAPHQL_PARSE_FAILED']);
  expect(await errorsOf(`{ ${'a: caller { role } '.repeat(60)} }`)).toEqual(['QUERY_TOO_LARGE']);
  expect(await errorsOf(`subscription { generationEvents(id: "${'0'.repeat(36)}") { __typename } }`)).toEqual([
    'NOT_FOUND',
  ]);
  const ask = (method: string, query: string, headers = {}) => {
    const url = new URL(`${server.url}/stream`);
    url.searchParams.set('query', query);
    return fetch(url, {
      method,
      headers: { authorization: `Bearer ${TEST_KEY}`, accept: 'text/event-stream', ...headers },
    });
  };
  expect(await (await ask('GET', '{ caller { role } }')).text()).toBe(
    ':\n\nevent: next\ndata: {"data":{"caller":{"role":"ADMIN"}}}\n\nevent: complete\ndata: \n\n',
  );
  expect((await ask('GET', `mutation { cancelGeneration(id: "${slow.id}") { id } }`)).status).toBe(405);
  expect((await ask('PATCH', '{ caller { role } }')).status).toBe(405);
  expect((await ask('GET', '{ caller { role } }', { accept: 'application/json' })).status).toBe(406);
  const refused = await ask('GET', '{ caller { role } }', { authorization: 'Bearer wrong' });
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
});

test('a stream carries every event to the end, and a shutdown does not look like one', async () => {
  const { id } = await generate(server, { ...QUICK, count: 2 });
  const seqs: number[] = [];
  for await (const { data } of stream(server, EVENTS, { id })) seqs.push(data.generationEvents.seq);
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
  expect((await fetchGeneration(server, id)).status).toBe('SUCCEEDED');

  const long = await generate(server, SLOW);
  const answers = stream(server, EVENTS, { id: long.id });
  await answers.next();
  const rest = lastOf(answers);
  const outcome = expect(rest).rejects.toThrow(/closed|terminated/i);
  expect(await server.stop()).toBe(0);
  await outcome;
});
