/** A client as a factory would write it: it tries again until it is answered, and follows events across every reconnect. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Answer, Json } from './server.js';
import { EVENTS, GENERATE } from './generations.js';

const AGAIN_MS = 100;
const PATIENCE_MS = 10_000;
const LAST = /Succeeded|Failed|Canceled/;

export interface Customer {
  /** Accepted when it resolves, once, however often it had to be sent. */
  order(input: object & { idempotencyKey: string }): Promise<string>;
  cancel(id: string): Promise<void>;
  /** Every event from the first to the last. */
  follow(id: string): Promise<Json[]>;
}

/** @param urls of the API processes; each try goes to another one. */
export function createCustomer(urls: readonly string[], key: string): Customer {
  let turn = 0;
  const nextUrl = (): string => urls[turn++ % urls.length] as string;
  const pause = () => new Promise((resolve) => setTimeout(resolve, AGAIN_MS));

  async function ask(query: string, variables: object): Promise<Json> {
    for (;;) {
      const answer = await post(nextUrl(), key, query, variables).catch(() => undefined);
      if (answer?.data != null) return answer.data;
      const code = answer?.errors?.[0]?.extensions.code;
      // What the service says about itself passes; what it says about the request does not.
      if (code !== undefined && !/UNAVAILABLE|QUEUE_FULL|INTERNAL/.test(code)) throw new Error(JSON.stringify(answer));
      await pause();
    }
  }

  return {
    async order(input) {
      return (await ask(GENERATE, { input: [input] })).generateDefects[0].id;
    },
    async cancel(id) {
      await ask('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id });
    },
    async follow(id) {
      const seen: Json[] = [];
      while (!LAST.test(seen.at(-1)?.type ?? '')) {
        await readOn(nextUrl(), key, id, seen).catch(() => undefined);
        await pause();
      }
      return seen;
    },
  };
}

async function post(url: string, key: string, query: string, variables: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ query, variables });
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(PATIENCE_MS) });
  return (await response.json()) as Answer;
}

async function readOn(url: string, key: string, id: string, seen: Json[]): Promise<void> {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
    // A connection to a process that stands still would otherwise wait for ever.
    keepAlive: 2_000,
  });
  try {
    const variables = { id, after: seen.at(-1)?.seq ?? 0 };
    for await (const answer of client.iterate({ query: EVENTS, variables }) as AsyncIterableIterator<Answer>) {
      if (answer.errors !== undefined) return;
      seen.push(answer.data.generationEvents);
    }
  } finally {
    await client.dispose();
  }
}
