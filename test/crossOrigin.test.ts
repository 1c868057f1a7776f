/** Web pages: those of origins that the operator allows may call the service; without the console, there are no cookies. */
import { QUICK, finished, generate, samplesIn } from './support/generations.js';
import { postKey } from './support/console.js';
import type { Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer({ CONSOLE: 'false', CORS_ORIGINS: 'https://mes.example, https://label-studio.example' });
});

test('a page of an allowed origin may call the API and read pictures, one of another origin may not', async () => {
  const [sample] = samplesIn(await finished(server, (await generate(server, QUICK)).id));
  const asked = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };
  const preflight = (origin: string) => fetch(server.url, { method: 'OPTIONS', headers: { origin, ...asked } });
  const allowed = await preflight('https://mes.example');
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://mes.example',
    'access-control-allow-headers': 'authorization,content-type',
    'access-control-allow-methods': 'GET,HEAD,POST,PUT,DELETE',
    'x-content-type-options': 'nosniff',
  });
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  const picture = await fetch(sample.image.url, { headers: { origin: 'https://mes.example' } });
  expect(picture.headers.get('access-control-allow-origin')).toBe('https://mes.example');
  expect(picture.headers.get('vary')?.toLowerCase()).toMatch(/origin.*authorization|authorization.*origin/);
  expect(picture.headers.get('access-control-expose-headers')).toContain('etag');
});

test('an idle connection stays open for longer than balancers keep theirs', async () => {
  const answer = await fetch(new URL('/livez', server.url));
  expect(answer.headers.get('keep-alive')).toBe('timeout=75');
});

test('without the console, nobody signs in', async () => {
  const response = await postKey(server, TEST_KEY);
  expect([response.status, response.headers.getSetCookie()]).toEqual([404, []]);
});
