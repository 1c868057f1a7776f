/** Signing in to the console at a real identity provider: authorization code with PKCE, state, and nonce. */
import { readConfig } from '../src/config.js';
import { StartError } from '../src/errors.js';
import { browserWith } from './support/console.js';
import type { TestProvider } from './support/identityProvider.js';
import { CookieJar, TOKEN_S, startProvider, visitProvider } from './support/identityProvider.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

const SESSION = 'defectdiffu-session';
const PENDING = 'defectdiffu-sign-in';
const PEOPLE = {
  ada: { tenant: 'default', role: 'OPERATOR', name: 'Ada <b>Lovelace</b>' },
  stranger: { tenant: 'of somebody else', role: 'ADMIN' },
  guest: { tenant: 'default' },
};

let provider: TestProvider;
let server: Server;
beforeAll(async () => {
  provider = await startProvider(PEOPLE);
  server = await startServer(provider.settings);
  provider.serve([new URL('/session/callback', server.url).href]);
});
afterAll(() => provider.close());

const origin = () => new URL(server.url);
const whoIn = async (jar: CookieJar): Promise<Json> => (await jar.fetch(new URL('/session', server.url))).json();

/** The page at which a sign-in ends. */
async function signInAs(login: string, path?: string) {
  const jar = new CookieJar();
  const callback = await visitProvider(server, jar, { login, ...(path !== undefined && { path }) });
  const response = await jar.fetch(callback);
  return { jar, callback, response, page: await response.text() };
}

test('a person signs in with the tenant and role of the token, until it expires', async () => {
  const from = Date.now();
  const { jar, response, page } = await signInAs('ada', '/gallery?review=ACCEPTED');
  expect(response.status).toBe(200);
  expect(page).toContain('content="0; url=/gallery?review=ACCEPTED"');
  const cookies = response.headers.getSetCookie();
  expect(cookies).toEqual([
    expect.stringMatching(new RegExp(`^${PENDING}=;.*Expires=Thu, 01 Jan 1970`)),
    expect.stringMatching(new RegExp(`^${SESSION}=[\\w-]{43}; Path=/; Expires=[^;]+; HttpOnly; SameSite=Strict$`)),
  ]);
  const { session, identityProvider } = await whoIn(jar);
  expect(identityProvider).toBe(true);
  expect(session).toMatchObject({
    tenant: 'default',
    role: 'OPERATOR',
    name: 'Ada <b>Lovelace</b>',
    subject: 'token:ada',
    keyId: null,
  });
  const end = Date.parse(session.expiresAt as string);
  expect(end).toBeGreaterThanOrEqual(from + (TOKEN_S - 1) * 1000);
  expect(end).toBeLessThanOrEqual(Date.now() + TOKEN_S * 1000);

  const browser = browserWith(server, `${SESSION}=${jar.get(origin(), SESSION) ?? ''}`, session.csrfToken as string);
  expect((await browser.ask('{ caller { role subject } }')).data.caller).toEqual({
    role: 'OPERATOR',
    subject: 'token:ada',
  });
  const { errors } = await browser.ask('mutation { createApiKey(input: { name: "x", role: ADMIN }) { secret } }');
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  const forged = browserWith(server, browser.cookie, 'forged');
  expect((await forged.ask('{ caller { role } }')).errors?.[0]?.extensions.code).toBe('CROSS_SITE_REQUEST');
});

test('the browser is sent with PKCE, state, and nonce, and keeps them out of reach of scripts', async () => {
  const response = await fetch(new URL('/session/provider', server.url), { redirect: 'manual' });
  expect(response.status).toBe(303);
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  expect(Object.fromEntries(searchParams)).toEqual({
    client_id: 'console',
    response_type: 'code',
    scope: 'openid profile',
    redirect_uri: new URL('/session/callback', server.url).href,
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(response.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      new RegExp(`^${PENDING}=[\\w-]+; Max-Age=600; Path=/; Expires=[^;]+; HttpOnly; SameSite=Lax$`),
    ),
  ]);
  const behindProxy = await fetch(new URL('/session/provider', server.url), {
    redirect: 'manual',
    headers: { 'x-forwarded-proto': 'https' },
  });
  expect(behindProxy.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-defectdiffu-sign-in=.*; Secure/)]);
});

test.each([
  ['stranger', 401, 'The tenant that the token names, &#34;of somebody else&#34;, is not served here.'],
  ['guest', 403, 'has no role of this service'],
])('%s, whom the service does not know, is told why', async (login, status, text) => {
  const { jar, response, page } = await signInAs(login);
  expect(response.status).toBe(status);
  expect(page).toContain(text);
  expect(page).not.toContain('http-equiv');
  expect((await whoIn(jar)).session).toBeNull();
});

test('a callback works once, and only in the browser that began the sign-in', async () => {
  const jar = new CookieJar();
  const callback = await visitProvider(server, jar, { login: 'ada' });
  const elsewhere = await new CookieJar().fetch(callback);
  expect(elsewhere.status).toBe(401);
  expect(await elsewhere.text()).toContain('begun in another browser');
  const pending = jar.get(origin(), PENDING) ?? '';
  expect((await jar.fetch(callback)).status).toBe(200);
  jar.set(origin(), PENDING, pending);
  const again = await jar.fetch(callback);
  expect(again.status).toBe(401);
  expect(await again.text()).toContain('The identity provider refused the sign-in');
});

test.each(['state', 'nonce', 'verifier'])('a browser with another %s is refused', async (part) => {
  const jar = new CookieJar();
  const callback = await visitProvider(server, jar, { login: 'ada' });
  const kept = JSON.parse(Buffer.from(jar.get(origin(), PENDING) ?? '', 'base64url').toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...kept, [part]: 'x'.repeat(43) })).toString('base64url');
  jar.set(origin(), PENDING, changed);
  const response = await jar.fetch(callback);
  expect(response.status).toBe(401);
  expect(response.headers.getSetCookie().join()).not.toContain(`${SESSION}=`);
});

test('a refusal of the provider is shown as text', async () => {
  const jar = new CookieJar();
  const callback = await visitProvider(server, jar, { login: 'ada' });
  callback.searchParams.delete('code');
  callback.searchParams.set('error', 'access_denied');
  callback.searchParams.set('error_description', '<script>alert(1)</script>');
  const response = await jar.fetch(callback);
  expect(response.status).toBe(401);
  expect(await response.text()).toContain('&#34;&#60;script&#62;alert(1)&#60;/script&#62;&#34;');
});

test.each(['//elsewhere.example/x', 'https://elsewhere.example', '/\\elsewhere.example', 'javascript:alert(1)'])(
  'nobody is led to %s afterwards',
  async (path) => {
    const { page } = await signInAs('ada', path);
    expect(page).toContain('content="0; url=/"');
  },
);

test.each([
  ['client_secret_basic', 'right', 200, 'http-equiv'],
  ['client_secret_post', 'right', 200, 'http-equiv'],
  ['client_secret_basic', 'wrong', 401, 'OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is wrong'],
] as const)('at a provider that takes %s, a client with the %s secret', async (method, given, status, text) => {
  const strict = await startProvider(PEOPLE, { method, secret: 'the right + secret' });
  const own = await startServer({ ...strict.settings, OIDC_CLIENT_SECRET: `the ${given} + secret` });
  strict.serve([new URL('/session/callback', own.url).href]);
  const jar = new CookieJar();
  const response = await jar.fetch(await visitProvider(own, jar, { login: 'ada' }));
  expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
  strict.close();
});

test('while the provider does not answer, keys still sign in', async () => {
  const away = await startServer({ ...provider.settings, JWT_ISSUER: 'http://127.0.0.1:9' });
  const response = await fetch(new URL('/session/provider', away.url), { redirect: 'manual' });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(await response.text()).toContain('The identity provider cannot be reached now');
  expect((await away.data('{ caller { role } }')).caller.role).toBe('ADMIN');
});

const JWT = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'a', JWT_JWKS: 'https://issuer.example/keys' };
test.each([
  [{ OIDC_CLIENT_SECRET: 'secret' }, 'OIDC_CLIENT_ID: required with OIDC_CLIENT_SECRET'],
  [{ OIDC_CLIENT_ID: 'console' }, 'OIDC_CLIENT_ID: needs JWT_ISSUER'],
  [{ ...JWT, JWT_ISSUER: 'http://issuer.example', OIDC_CLIENT_ID: 'console' }, 'is not an https URL'],
  [{ ...JWT, OIDC_CLIENT_ID: 'console', OIDC_SCOPE: 'profile' }, 'OIDC_SCOPE: "profile" lacks "openid"'],
])('settings %j are refused', (env, message) => {
  const read = () => readConfig({ DATA_DIR: '/tmp', ...env });
  expect(read).toThrow(StartError);
  expect(read).toThrow(message);
});
