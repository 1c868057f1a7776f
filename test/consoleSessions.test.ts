/** Signing in to the console: the session is a cookie with the role of its key, and it ends with the key. */
import { browserWith, cookieIn, originOf, postKey, signIn } from './support/console.js';
import type { Browser } from './support/console.js';
import { QUICK, finished, generate, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, newDataDirectory, startServer } from './support/server.js';
import { createKey, revokeKey } from './support/tenancy.js';

const CALLER = '{ caller { tenant role subject } }';
const FOREVER = 'subscription { allGenerationEvents { __typename } }';

let server: Server;
let browser: Browser;
beforeAll(async () => {
  server = await startServer();
  browser = await signIn(server);
});

const bodyOf = async (response: Response): Promise<Json> => response.json();
const codeIn = async (response: Response): Promise<unknown[]> => [
  response.status,
  (await bodyOf(response)).errors[0].extensions.code,
];

test('a key signs in, and the browser is told who it is', async () => {
  const response = await postKey(server, TEST_KEY);
  const [cookie] = response.headers.getSetCookie();
  expect(cookie).toMatch(/^defectdiffu-session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
  const described = await browser.fetch('/session');
  expect(described.headers.get('cache-control')).toBe('no-store');
  expect(await bodyOf(described)).toEqual({
    session: {
      tenant: 'default',
      role: 'ADMIN',
      name: 'configured',
      subject: expect.stringMatching(/^key:/),
      keyId: expect.any(String),
      expiresAt: expect.any(String),
      csrfToken: browser.csrfToken,
    },
    ended: null,
    identityProvider: false,
  });
  expect((await browser.fetch('/session/provider')).status).toBe(404);
});

test.each([
  ['HTTP', () => browser.ask(CALLER)],
  ['server-sent events', async () => (await browser.stream(CALLER).next()).value as Json],
  ['a WebSocket', async () => (await browser.subscribe(CALLER).next()).value as Json],
])('the session works over %s', async (_, ask) => {
  expect((await ask()).data.caller).toMatchObject({ tenant: 'default', role: 'ADMIN' });
});

test('the session opens the images of its tenant without a signature', async () => {
  const [sample] = samplesIn(await finished(server, (await generate(server, QUICK)).id));
  const { pathname } = new URL(sample.image.url);
  expect((await browser.fetch(pathname)).status).toBe(200);
  expect((await browser.fetch(pathname.replace(/[0-9a-f]{8}-/, '00000000-'))).status).toBe(404);
});

test('a session can do what its key can, and no more', async () => {
  const { secret } = await createKey(server, { role: 'VIEWER' });
  const viewer = await signIn(server, secret);
  expect((await viewer.ask(CALLER)).data.caller.role).toBe('VIEWER');
  const { errors } = await viewer.ask('mutation { archiveProduct(partNumber: "TILE") { id } }');
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

const json = { method: 'POST', body: JSON.stringify({ query: CALLER }) };
const type = { 'content-type': 'application/json' };
test.each<[string, string, RequestInit]>([
  ['without the CSRF token', '/graphql', { ...json, headers: { ...type, 'x-csrf-token': '' } }],
  ['with another CSRF token', '/graphql', { ...json, headers: { ...type, 'x-csrf-token': 'x'.repeat(43) } }],
  ['from a page of another site', '/graphql', { ...json, headers: { ...type, 'sec-fetch-site': 'cross-site' } }],
  [
    'by GET from another port of this host',
    `/graphql/stream?query=${encodeURIComponent(CALLER)}`,
    { headers: { accept: 'text/event-stream', 'sec-fetch-site': 'same-site' } },
  ],
  ['that reserves a stream without the token', '/graphql/stream', { method: 'PUT', headers: { 'x-csrf-token': '' } }],
  ['that signs out without the token', '/session', { method: 'DELETE', headers: { 'x-csrf-token': '' } }],
])('a request %s is refused', async (_, path, init) => {
  expect(await codeIn(await browser.fetch(path, init))).toEqual([403, 'CROSS_SITE_REQUEST']);
});

test('a GET request changes nothing', async () => {
  const query = encodeURIComponent('mutation { archiveProduct(partNumber: "TILE") { id } }');
  const headers = { 'apollo-require-preflight': 'true' };
  expect((await browser.fetch(`/graphql?query=${query}`, { headers })).status).toBe(405);
  expect((await browser.ask('{ product(partNumber: "TILE") { archivedAt } }')).data.product.archivedAt).toBeNull();
});

test('a WebSocket from a page of another origin is closed', async () => {
  await expect(browser.subscribe(CALLER, {}, 'https://evil.example').next()).rejects.toMatchObject({
    code: 4403,
    reason: expect.stringContaining('CROSS_SITE_REQUEST'),
  });
  await expect(browser.subscribe(CALLER, {}, 'null').next()).rejects.toMatchObject({ code: 4403 });
});

/** Follows the session's events until they end, and returns the error that says why. */
async function endOf({ subscribe }: Browser): Promise<unknown> {
  const events = subscribe(FOREVER);
  return events.next().then(
    ({ value }) => (value as Json)?.errors?.[0]?.message as unknown,
    (error: unknown) => (Array.isArray(error) ? (error[0] as Json).message : (error as Json).reason) as unknown,
  );
}

test('signing out ends the session and its connections', async () => {
  const leaving = await signIn(server);
  expect((await leaving.ask(CALLER)).errors).toBeUndefined();
  const end = endOf(leaving);
  await (
    await leaving.subscribe(CALLER).next()
  ).value;
  const response = await leaving.fetch('/session', { method: 'DELETE' });
  expect([response.status, cookieIn(response)]).toEqual([204, expect.stringMatching(/=$/)]);
  expect(await end).toContain('This console session has ended; sign in again.');
  expect((await leaving.ask(CALLER)).errors?.[0]).toMatchObject({
    message: 'This console session has ended; sign in again.',
    extensions: { code: 'UNAUTHENTICATED' },
  });
  expect((await browser.ask(CALLER)).errors).toBeUndefined();
});

test('revoking the key ends its sessions and their connections', async () => {
  const { secret, apiKey } = await createKey(server, { role: 'OPERATOR' });
  const operator = await signIn(server, secret);
  const end = endOf(operator);
  await operator.subscribe(CALLER).next();
  await revokeKey(server, apiKey.id);
  expect(await end).toContain('This API key was revoked.');
  expect((await operator.ask(CALLER)).errors?.[0]?.message).toBe('This API key was revoked.');
  expect(await bodyOf(await operator.fetch('/session'))).toEqual({
    session: null,
    ended: 'This API key was revoked.',
    identityProvider: false,
  });
});

test('a session ends with the time of its key', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { secret } = await createKey(server, { role: 'VIEWER', expiresAt });
  const { session } = await bodyOf(await (await signIn(server, secret)).fetch('/session'));
  expect(session.expiresAt).toBe(expiresAt);
});

test('whoever is not signed in is told so without an error', async () => {
  const response = await fetch(new URL('/session', server.url));
  expect([response.status, await bodyOf(response)]).toMatchObject([200, { session: null, ended: null }]);
});

test.each([
  ['an unknown key', 'dd_unknown', 401, 'UNAUTHENTICATED', 'This API key is not known.'],
  ['no key', undefined, 400, 'BAD_USER_INPUT', /^key: an API key is required/],
])('%s does not sign in', async (_, key, status, code, message) => {
  const response = await postKey(server, key, { 'x-forwarded-for': '203.0.113.1' });
  expect(response.status).toBe(status);
  expect(response.headers.getSetCookie()).toEqual([]);
  expect((await bodyOf(response)).errors[0]).toMatchObject({
    message: expect.stringMatching(message),
    extensions: { code },
  });
});

test('after ten failures within a minute an address must wait, and others need not', async () => {
  const from = (address: string, key: string) => postKey(server, key, { 'x-forwarded-for': `1.2.3.4, ${address}` });
  for (let i = 0; i < 10; i++) expect((await from('203.0.113.2', 'dd_guess')).status).toBe(401);
  const refused = await from('203.0.113.2', TEST_KEY);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await codeIn(refused)).toEqual([429, 'RATE_LIMITED']);
  expect((await from('203.0.113.3', TEST_KEY)).status).toBe(201);
});

test('failures of one address behind a proxy do not use up the attempts of the others', async () => {
  const from = (address: string, key: string) => postKey(server, key, { 'x-forwarded-for': address });
  for (let i = 0; i < 250; i++) await from('203.0.113.4', 'dd_guess');
  expect((await from('203.0.113.5', TEST_KEY)).status).toBe(201);
});

test('over https, a cookie that another host of the domain could have set is no session', async () => {
  const headers = { cookie: browser.cookie };
  expect(await bodyOf(await browser.fetch('/session', { headers }))).toMatchObject({ session: { role: 'ADMIN' } });
  const proxied = { headers: { ...headers, 'x-forwarded-proto': 'https' } };
  expect(await bodyOf(await browser.fetch('/session', proxied))).toMatchObject({ session: null, ended: null });
  expect(await codeIn(await browser.fetch('/graphql', { ...json, headers: { ...type, ...proxied.headers } }))).toEqual([
    401,
    'UNAUTHENTICATED',
  ]);
});

test('behind a proxy with https, the cookie is for https only', async () => {
  const response = await postKey(server, TEST_KEY, { 'x-forwarded-proto': 'https' });
  expect(response.headers.getSetCookie()[0]).toMatch(
    /^__Host-defectdiffu-session=.*; HttpOnly; Secure; SameSite=Strict/,
  );
});

test('the first start prints a link that signs in once; the session outlives the process', async () => {
  const env = { DATA_DIR: newDataDirectory(), DEFECTDIFFU_API_KEY: '' };
  const first = await startServer(env);
  const link = /Console: (\S+)/.exec(first.output())?.[1] ?? '';
  const opened = await fetch(link);
  expect(await opened.text()).toContain('You are signed in.');
  const cookie = cookieIn(opened);
  const again = await fetch(link);
  expect([await again.text(), again.headers.getSetCookie()]).toEqual([expect.stringContaining('was used'), []]);
  const headers = { cookie };
  const { session } = await bodyOf(await fetch(new URL('/session', originOf(first)), { headers }));
  expect(session).toMatchObject({ role: 'ADMIN', name: 'generated' });
  await first.stop();

  const second = await startServer(env);
  expect(second.output()).not.toContain('Console:');
  const later = browserWith(second, cookie, session.csrfToken as string);
  expect((await later.ask(CALLER)).data.caller.role).toBe('ADMIN');
});
