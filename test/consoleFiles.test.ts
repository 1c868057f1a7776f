/** The pages of the console and their assets, as a browser asks for them. */
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import express from 'express';
import { readConfig } from '../src/config.js';
import { serveGraphiql } from '../src/http/consoleFiles.js';
import type { Server } from './support/server.js';
import { newFolder, startServer } from './support/server.js';

/** As Chromium sends it for a page. */
const PAGE = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const SCRIPT = 'export default 1;\n'.repeat(100);

let server: Server;
const folder = newFolder();
const written = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  written('index.html', '<title>the console</title><meta nonce="CSP_NONCE">');
  written('graphiql.html', '<title>GraphiQL</title>');
  written('icon.svg', '<svg/>');
  written('assets/app-1a2b3c.js', SCRIPT);
  written('assets/app-1a2b3c.js.br', brotliCompressSync(SCRIPT));
  server = await startServer({ CONSOLE_DIR: folder, PUBLIC_URL: 'https://defects.example' });
});

const get = (path: string, headers: Record<string, string> = { accept: PAGE }): Promise<Response> =>
  fetch(new URL(path, server.url), { headers });

test.each(['/', '/gallery', '/draw/TILE?strength=2'])(
  '%s is the page of the console, and asked for again',
  async (path) => {
    const response = await get(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(response.headers.get('cache-control')).toMatch(/^no-/);
    expect(await response.text()).toContain('<title>the console</title>');
  },
);

test('a page may load only what the service serves, and no page of others may show it', async () => {
  const response = await get('/');
  const policy = response.headers.get('content-security-policy') ?? '';
  const [, nonce = ''] = /'nonce-([^']+)'/.exec(policy) ?? [];
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data: https://defects.example",
    "connect-src 'self' https://defects.example",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
  ]);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await response.text()).toContain(`nonce="${nonce}"`);
  expect((await get('/')).headers.get('content-security-policy')).not.toContain(nonce);
});

test('an asset comes compressed, and is kept for a year', async () => {
  const response = await get('/assets/app-1a2b3c.js', { 'accept-encoding': 'gzip, br' });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-encoding': 'br',
    'content-type': expect.stringMatching(/^text\/javascript; charset=utf-8$/i),
    'cache-control': 'public, max-age=31536000, immutable',
    vary: expect.stringMatching(/accept-encoding/i),
  });
  expect(await response.text()).toBe(SCRIPT);
});

test.each([
  ['an asset that is not there', '/assets/old-000000.js', '*/*'],
  ['what a client of the API asks for', '/gallery', 'application/json'],
  ['anything below a path of the API', '/uploads/x', PAGE],
  ['a file outside of the build', '/..%2fpackage.json', '*/*'],
])('%s is not found, which is said in JSON', async (_, path, accept) => {
  const response = await get(path, { accept });
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
});

test('a browser that opens /graphql gets GraphiQL; clients get the API', async () => {
  expect(await (await get('/graphql')).text()).toContain('<title>GraphiQL</title>');
  const response = await get('/graphql?query={__typename}', { accept: 'application/json' });
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
});

test.each(['/graphiql.html', '/graphiql%2ehtml', '/index.html', '/GraphiQL.HTML'])(
  '%s is not sent as a file, which would have no policy and no switch',
  async (path) => {
    expect((await get(path, { accept: '*/*' })).status).toBe(404);
    const page = await get(path);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await page.text()).toContain('<title>the console</title>');
  },
);

test('files beside the assets are asked for again', async () => {
  const icon = await get('/icon.svg', { accept: 'image/*' });
  expect([icon.status, icon.headers.get('cache-control')]).toEqual([200, 'no-cache']);
});

test('without a build, the page says how to make one', async () => {
  rmSync(join(folder, 'index.html'));
  const response = await get('/');
  expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('npm run build:console')]);
});

test('without GraphiQL, /graphql is the API for browsers too', async () => {
  const config = readConfig({ CONSOLE_DIR: folder, GRAPHIQL: 'false' });
  const listening = express().get('/graphql', serveGraphiql(config)).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const url = `http://127.0.0.1:${String((listening.address() as AddressInfo).port)}/graphql`;
  expect((await fetch(url, { headers: { accept: PAGE } })).status).toBe(404);
  listening.close();
});
