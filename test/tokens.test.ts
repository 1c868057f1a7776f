/** JSON Web Tokens of an issuer whose keys come from a real server on this machine, or from a file. */
import { createServer } from 'node:http';
import type { Server as Http } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import type { Json, Server } from './support/server.js';
import { readConfig } from '../src/config.js';
import { StartError } from '../src/errors.js';
import { newDataDirectory, newFolder, startServer } from './support/server.js';
import { runTenants, stream } from './support/tenancy.js';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'defectdiffu';
const CALLER = '{ caller { tenant role subject expiresAt } }';

interface KeyPair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

async function keyPair(kid: string, alg = 'ES256'): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

const now = () => Math.floor(Date.now() / 1000);
const GOOD: JWTPayload = { iss: ISSUER, aud: AUDIENCE, sub: 'mes-7', tenant: 'default', role: 'operator' };

function sign(
  claims: Partial<Record<string, unknown>>,
  { kid, privateKey }: KeyPair = first,
  alg = 'ES256',
): Promise<string> {
  return new SignJWT({ ...GOOD, exp: now() + 600, ...claims }).setProtectedHeader({ alg, kid }).sign(privateKey);
}

let first: KeyPair;
let issuer: Http;
let published: JWK[];
let asked = 0;
let answers = true;
let server: Server;
const dataDirectory = newDataDirectory();
beforeAll(async () => {
  first = await keyPair('first');
  published = [first.jwk];
  issuer = createServer((_request, response) => {
    asked += 1;
    if (!answers) response.statusCode = 500;
    response.end(JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  await runTenants(dataDirectory, 'create', 'plant two');
  await runTenants(dataDirectory, 'create', 'closed');
  await runTenants(dataDirectory, 'disable', 'closed');
  server = await startServer({ DATA_DIR: dataDirectory, ...settings() });
});
afterAll(() => issuer.close());

const settings = () => ({
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
  JWT_JWKS: `http://127.0.0.1:${String((issuer.address() as AddressInfo).port)}/keys`,
});
const callerOf = async (token: string): Promise<Json> => (await server.data(CALLER, {}, token)).caller;
const refusal = async (token: string) => {
  const { message, extensions } = await server.error(CALLER, {}, token);
  return [extensions.code, message];
};

test('a token names its tenant, its role and its end', async () => {
  const exp = now() + 300;
  expect(await callerOf(await sign({ exp }))).toEqual({
    tenant: 'default',
    role: 'OPERATOR',
    subject: 'token:mes-7',
    expiresAt: new Date((exp + 60) * 1000).toISOString(),
  });
  expect(
    await callerOf(await sign({ tenant: 'plant two', role: undefined, roles: ['none', 'viewer', 'ADMIN'] })),
  ).toMatchObject({
    tenant: 'plant two',
    role: 'ADMIN',
  });
});

test('it opens every door', async () => {
  const token = await sign({});
  for await (const { data } of server.subscribe(CALLER, {}, token)) expect(data.caller.role).toBe('OPERATOR');
  for await (const { data } of stream(server, CALLER, {}, token)) expect(data.caller.role).toBe('OPERATOR');
});

const UNAUTHENTICATED = 'UNAUTHENTICATED';
test.each<[string, () => Promise<string> | string, string, RegExp]>([
  ['run out', () => sign({ exp: now() - 90 }), UNAUTHENTICATED, /^The token has expired\.$/],
  ['not yet begun', () => sign({ nbf: now() + 90 }), UNAUTHENTICATED, /claim "nbf" is not the expected one/],
  ['without an end', () => sign({ exp: undefined }), UNAUTHENTICATED, /claim "exp" is missing/],
  ['for another audience', () => sign({ aud: 'other' }), UNAUTHENTICATED, /claim "aud" is not the expected one/],
  ['of another issuer', () => sign({ iss: 'https://other' }), UNAUTHENTICATED, /claim "iss" is not the expected one/],
  ['without a tenant', () => sign({ tenant: undefined }), UNAUTHENTICATED, /^The token has no claim "tenant"\.$/],
  [
    'with an unknown role',
    () => sign({ role: 'root' }),
    'FORBIDDEN',
    /has no role of this service: VIEWER, OPERATOR, ADMIN/,
  ],
  ['signed with the public key as a shared secret', () => confused(), UNAUTHENTICATED, /is not signed with one of/],
  ['signed by nobody', () => unsigned(), UNAUTHENTICATED, /is not signed with one of/],
  [
    'signed by a stranger',
    async () => sign({}, await keyPair('first')),
    UNAUTHENTICATED,
    /is not from a key of its issuer/,
  ],
  ['cut short', async () => (await sign({})).slice(0, -8), UNAUTHENTICATED, /./],
])('a token %s is refused', async (_, token, code, message) => {
  const given = await refusal(await token());
  expect(given).toEqual([code, expect.stringMatching(message)]);
});

async function confused(): Promise<string> {
  const secret = new TextEncoder().encode(await exportSPKI(first.publicKey));
  return new SignJWT({ ...GOOD, exp: now() + 600 }).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret);
}

function unsigned(): string {
  return new UnsecuredJWT({ ...GOOD, exp: now() + 600 }).encode();
}

test('clocks may differ by a minute', async () => {
  expect(await callerOf(await sign({ exp: now() - 30 }))).toMatchObject({ role: 'OPERATOR' });
  expect(await callerOf(await sign({ nbf: now() + 30 }))).toMatchObject({ role: 'OPERATOR' });
});

test('a tenant that is disabled and one that never was are told apart by nothing', async () => {
  const [closed, none] = [
    await refusal(await sign({ tenant: 'closed' })),
    await refusal(await sign({ tenant: 'nobody' })),
  ];
  expect(closed).toEqual([UNAUTHENTICATED, 'The tenant that the token names, "closed", is not served here.']);
  expect(none).toEqual([UNAUTHENTICATED, 'The tenant that the token names, "nobody", is not served here.']);
});

test('a new key of the issuer is taken without a restart, and made-up key ids do not flood the issuer', async () => {
  const second = await keyPair('second');
  published = [first.jwk, second.jwk];
  await new Promise((resolve) => setTimeout(resolve, 5_100)); // since the keys were read last
  const before = asked;
  expect(await callerOf(await sign({}, second))).toMatchObject({ subject: 'token:mes-7' });
  const stranger = await keyPair('made up');
  for (let i = 0; i < 20; i++) expect((await refusal(await sign({}, stranger)))[0]).toBe(UNAUTHENTICATED);
  expect(asked - before).toBe(1);
});

test('while the issuer does not answer, keys that are there go on; without any, it is said', async () => {
  answers = false;
  expect(await callerOf(await sign({}))).toMatchObject({ tenant: 'default' });
  const late = await startServer(settings());
  const headers = { authorization: `Bearer ${await sign({})}`, 'content-type': 'application/json' };
  const response = await fetch(late.url, { method: 'POST', headers, body: JSON.stringify({ query: CALLER }) });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(((await response.json()) as Json).errors[0].extensions).toMatchObject({
    code: 'AUTH_UNAVAILABLE',
    retryAfterMs: 5000,
  });
  // Keys need no issuer.
  expect((await late.data(CALLER)).caller.role).toBe('ADMIN');
  answers = true;
});

test('keys in a file are read again when it changes, and claims may have other names', async () => {
  const [one, two] = [await keyPair('one', 'EdDSA'), await keyPair('two', 'EdDSA')];
  const file = join(newFolder(), 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [one.jwk] }));
  const claims = { JWT_TENANT_CLAIM: 'https://example.com/tenant', JWT_ROLE_CLAIM: 'realm_access.roles' };
  const other = await startServer({ ...settings(), ...claims, JWT_JWKS: file });
  const named = { 'https://example.com/tenant': 'default', realm_access: { roles: ['viewer'] } };
  const ask = async (pair: KeyPair) => other.ask(CALLER, {}, await sign(named, pair, 'EdDSA'));
  expect((await ask(one)).data.caller).toMatchObject({ tenant: 'default', role: 'VIEWER' });
  expect((await ask(two)).errors?.[0]?.extensions.code).toBe(UNAUTHENTICATED);
  writeFileSync(file, JSON.stringify({ keys: [two.jwk] }));
  expect((await ask(two)).data.caller).toMatchObject({ role: 'VIEWER' });
  expect((await ask(one)).errors?.[0]?.extensions.code).toBe(UNAUTHENTICATED);
});

test.each([
  [{ JWT_ISSUER: ISSUER }, /JWT_AUDIENCE and JWT_JWKS: required with the other JWT settings/],
  [
    { JWT_JWKS: 'http://issuer.example/keys' },
    /JWT_JWKS: "http:\/\/issuer\.example\/keys" is neither an https URL nor a file/,
  ],
  [{ JWT_JWKS: '/nowhere/keys.json' }, /JWT_JWKS: there is no file "\/nowhere\/keys\.json"/],
  [
    { JWT_JWKS: 'https://x/keys', JWT_CLOCK_SKEW_SECONDS: '9999' },
    /JWT_CLOCK_SKEW_SECONDS: "9999" is not a whole number/,
  ],
  [{ KEY_HASH_SECRET: 'short' }, /KEY_HASH_SECRET: must have 32 characters or more, not 5/],
])('%j stops the start with a message', (env, message) => {
  const whole = 'JWT_JWKS' in env ? { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, ...env } : env;
  expect(() => readConfig(whole as NodeJS.ProcessEnv)).toThrow(StartError);
  expect(() => readConfig(whole as NodeJS.ProcessEnv)).toThrow(message);
});
