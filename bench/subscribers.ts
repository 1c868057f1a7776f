/** Subscribers of generations, each over a WebSocket of its own, as browsers and gateways are. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { KEY } from './server.ts';

const TIMED = ['Queued', 'Started', 'Progressed', 'Succeeded', 'Failed', 'Canceled'];
const EVENTS = `subscription ($id: ID!) {
  generationEvents(id: $id) {
    ${TIMED.map((type) => `... on Generation${type} { at }`).join(' ')}
    ... on SampleReady { at sample { id image { url } mask { url } } }
  }
}`;

export interface TimedEvent {
  readonly at: string;
}

export interface Subscriber {
  /** Resolves when it has ended; rejects when it broke off. */
  readonly completed: Promise<void>;
  close(): Promise<void>;
}

export function subscribe(url: string, id: string, heard: (event: TimedEvent) => void): Subscriber {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${KEY}` },
    retryAttempts: 0,
  });
  client.subscribe<{ generationEvents: TimedEvent }>(
    { query: EVENTS, variables: { id } },
    {
      next: ({ data, errors }) => {
        if (data == null) reject(new Error(JSON.stringify(errors)));
        else heard(data.generationEvents);
      },
      error: (error) => reject(new Error('a subscriber was cut off', { cause: error })),
      complete: () => resolve(undefined),
    },
  );
  promise.catch(() => undefined);
  return { completed: promise, close: async () => void (await client.dispose()) };
}
