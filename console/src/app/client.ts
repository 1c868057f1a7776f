import { createClient as createSocket } from 'graphql-ws';
import type { Client as Socket, Sink } from 'graphql-ws';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';
import { createCache } from './cache.ts';

const KEEP_ALIVE_MS = 20_000;
/** About four minutes of attempts; the page tells the user that the connection is lost meanwhile. */
const RETRIES = 60;

/** Another tab that signed in anew has replaced the session, and with it the token that this one sends. */
const ENDED: readonly unknown[] = ['UNAUTHENTICATED', 'CROSS_SITE_REQUEST'];

export interface OpenedClient {
  readonly client: Client;
  readonly socket: Socket;
}

export function openClient(csrfToken: string, onEnded: () => void): OpenedClient {
  const socket = createSocket({
    url: new URL('/graphql', window.location.href).href.replace(/^http/, 'ws'),
    keepAlive: KEEP_ALIVE_MS,
    retryAttempts: RETRIES,
    // Every lost connection is worth another attempt: operations continue after the last event that they saw.
    shouldRetry: () => true,
    on: { closed: (event) => isUnauthorized(event) && onEnded() },
  });
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: { headers: { 'x-csrf-token': csrfToken }, credentials: 'same-origin' },
    exchanges: [
      mapExchange({
        onError(error) {
          if (error.graphQLErrors.some(({ extensions }) => ENDED.includes(extensions['code']))) onEnded();
        },
      }),
      createCache(),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(
              { query: query ?? '', variables: variables as Record<string, unknown> },
              sink as Sink, // the two libraries disagree about whether absent data is undefined
            ),
          }),
        }),
      }),
    ],
  });
  return { client, socket };
}

/** 4401 and 4403 of the graphql-ws protocol. */
function isUnauthorized(event: unknown): boolean {
  const code = (event as { code?: number }).code;
  return code === 4401 || code === 4403;
}
