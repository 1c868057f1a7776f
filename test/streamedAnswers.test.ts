/** Large answers over WebSocket and event streams become JSON in turns, and are the same as over HTTP. */
import express from 'express';
import { getIntrospectionQuery } from 'graphql';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { FairTurns } from '../src/fairTurns.js';
import { openEventStream } from '../src/http/eventStream.js';
import { createSocketResults } from '../src/http/socketResults.js';
import { createAnswer } from '../src/resolvers/boundedAnswers.js';
import { TEST_KEY, startServer, subscribe } from './support/server.js';
import { stream } from './support/tenancy.js';

const log = pino({ level: 'silent' });
const data = { list: Array.from({ length: 5_000 }, (_, id) => ({ id, name: 'x'.repeat(50), none: null })) };

/** The size of a large answer, and how often it let others go first. */
function countedAnswer() {
  const counted = { turns: 0 };
  const next = (): Promise<void> => {
    counted.turns += 1;
    return Promise.resolve();
  };
  const turns: FairTurns = { spend: () => undefined, next, nextOperation: next };
  return { answer: Object.assign(createAnswer('tenant', turns), { nodes: 5_000 }), counted };
}

async function* events(...results: object[]) {
  yield* results;
}

test('a large answer is the same over every transport', async () => {
  const server = await startServer();
  const query = getIntrospectionQuery();
  const expected = { data: await server.data(query) };
  expect(JSON.stringify(expected).length).toBeGreaterThan(100_000);
  expect((await subscribe(server.url, query, {}, TEST_KEY).next()).value).toEqual(expected);
  expect((await stream(server, query).next()).value).toEqual(expected);
});

test('a large answer over an event stream takes turns', async () => {
  const { answer, counted } = countedAnswer();
  const app = express().get('/', async (_request, response) => {
    const session = { signal: new AbortController().signal, close: () => undefined };
    const opened = openEventStream(response, { session, closing: session.signal, log });
    await opened.next({ data }, answer, 'one');
    opened.complete('one');
    opened.close();
  });
  const http = app.listen(0);
  await once(http, 'listening');
  const text = await (await fetch(`http://127.0.0.1:${String((http.address() as AddressInfo).port)}/`)).text();
  http.close();
  const [, next = '', complete = ''] = text.split(/event: /);
  expect(JSON.parse(/^data: (.*)$/m.exec(next)?.[1] ?? '')).toEqual({ id: 'one', payload: { data } });
  expect(complete).toBe('complete\ndata: {"id":"one"}\n\n');
  expect(counted.turns).toBeGreaterThan(20);
});

test('a large answer and a large event over a WebSocket take turns; small ones are left to the library', async () => {
  const results = createSocketResults(log);
  const { answer, counted } = countedAnswer();
  const sent: string[] = [];
  const send = async (json: string) => void sent.push(json);

  const single = { data };
  await results.prepare(single, answer);
  expect(counted.turns).toBeGreaterThan(20);
  const rest = await results.sendLarge(single, () => answer, send);
  expect((await rest?.next())?.done).toBe(true);
  expect(JSON.parse(sent.pop() ?? '')).toEqual({ data });

  const small = { data: { id: 1 } };
  const sizes = [{ ...answer, nodes: 1 }, answer, { ...answer, nodes: 1 }];
  const left = await results.sendLarge(events(small, single, small) as never, () => sizes.shift() as never, send);
  const forwarded = [];
  for await (const each of left ?? []) forwarded.push(each);
  expect(forwarded).toEqual([small, small]);
  expect(JSON.parse(sent.pop() ?? '')).toEqual({ data });
  expect(await results.sendLarge(small, () => answer, send)).toBeUndefined();
});
