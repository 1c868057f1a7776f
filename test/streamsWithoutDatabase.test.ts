/**
 * What streams say while the database is unavailable: an error of their own, and nothing about how to reach the
 * database.
 */
import { startPostgres, whyNoPostgres } from './support/postgres.js';
import type { Postgres } from './support/postgres.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';
import { speak } from './support/socket.js';

const testWith = whyNoPostgres() === undefined ? test : test.skip;

let postgres: Postgres | undefined;
afterAll(async () => postgres?.remove());

const CALLER = '{ caller { role } }';
const AWAY = { code: 'DATABASE_UNAVAILABLE', retryAfterMs: 5_000 };

async function streamed(server: Server): Promise<{ status: number; retryAfter: string | null; body: string }> {
  const headers = { authorization: `Bearer ${TEST_KEY}`, accept: 'text/event-stream' };
  const response = await fetch(`${server.url}/stream?query=${encodeURIComponent(CALLER)}`, { headers });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() };
}

testWith('an operation that cannot be done is refused alone, and what is open stays open', async () => {
  postgres = await startPostgres();
  const server = await startServer({ DATABASE_URL: postgres.url, LOG_LEVEL: 'warn' });
  const speaker = await speak(server);
  await postgres.stop();

  speaker.send({ id: 'one', type: 'subscribe', payload: { query: CALLER } });
  const refused: Json = await speaker.next();
  expect(refused).toMatchObject({ id: 'one', type: 'error', payload: [{ extensions: AWAY }] });
  expect(refused.payload[0].message).toMatch(/^The database of the service cannot be reached/);
  const { status, retryAfter, body } = await streamed(server);
  expect([status, retryAfter, JSON.parse(body).errors[0].extensions]).toEqual([503, '5', AWAY]);
  expect(JSON.stringify(refused) + body).not.toMatch(/ECONN|select |127\.0\.0\.1/);
  await expect(speak(server)).rejects.toThrow('closed: 1013 DATABASE_UNAVAILABLE');
  const picture = server.url.replace('/graphql', `/artifacts/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}/x.png`);
  const { status: ofPicture, headers } = await fetch(picture, { headers: { authorization: `Bearer ${TEST_KEY}` } });
  expect([ofPicture, headers.get('retry-after')]).toEqual([503, '5']);

  await postgres.start();
  speaker.send({ id: 'two', type: 'subscribe', payload: { query: CALLER } });
  for (let answer: Json = await speaker.next(); answer.type !== 'next'; answer = await speaker.next()) {
    expect(answer.payload[0].extensions).toEqual(AWAY);
    await new Promise((resolve) => setTimeout(resolve, 200));
    speaker.send({ id: 'two', type: 'subscribe', payload: { query: CALLER } });
  }
  expect((await streamed(server)).status).toBe(200);
  expect(server.output()).not.toContain('Internal error');
  speaker.close();
  await server.stop();
});
