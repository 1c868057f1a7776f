import { auditServer } from 'graphql-http';
import type { Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

/** Apollo answers 400 where the specification says SHOULD 200, for application/json and invalid documents. */
const KNOWN_WARNINGS = 3;

test('the service keeps the GraphQL-over-HTTP specification', async () => {
  const fetchFn = (url: string, init: RequestInit = {}) =>
    fetch(url, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${TEST_KEY}` },
    });
  const results = await auditServer({ url: server.url, fetchFn });
  const named = (status: string) =>
    results
      .filter((result) => result.status === status)
      .map(({ name, ...rest }) => [name, 'reason' in rest && rest.reason]);
  expect(results.length).toBeGreaterThan(55);
  expect(named('error')).toEqual([]);
  expect(named('warn').length).toBeLessThanOrEqual(KNOWN_WARNINGS);
});
