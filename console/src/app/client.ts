import { createClient as createSocket } from 'graphql-ws';
import type { Client as Socket, Sink } from 'graphql-ws';
import type { ExecutionResult } from 'graphql';
import type { ClientOptions, CombinedError } from 'urql';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';
import { createCache } from './cache.ts';
import { resumable } from './resumable.ts';

const KEEP_ALIVE_MS = 20_000;
/** About four minutes of attempts; the page tells the user that the connection is lost meanwhile. */
const RETRIES = 60;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4_000;
/** So that not all pages connect at once after an outage. */
const SPREAD_MS = 1_000;

/** Another tab that signed in anew has replaced the session, and with it the token that this one sends. */
const ENDED: readonly unknown[] = ['UNAUTHENTICATED', 'CROSS_SITE_REQUEST'];

export interface OpenedClient {
  readonly client: Client;
  /** Without a cache, for lists of thousands: what a page has read of them would stay there, and slow it down. */
  readonly reader: Client;
  readonly socket: Socket;
}

export function openClient(csrfToken: string, onEnded: () => void): OpenedClient {
  const socket = createSocket({
    url: new URL('/graphql', window.location.href).href.replace(/^http/, 'ws'),
    keepAlive: KEEP_ALIVE_MS,
    retryAttempts: RETRIES,
    retryWait,
    // Every lost connection is worth another attempt: operations continue after the last event that they saw.
    shouldRetry: () => true,
    on: { closed: (event) => isUnauthorized(event) && onEnded() },
  });
  const http: Pick<ClientOptions, 'url' | 'preferGetMethod' | 'fetchOptions'> = {
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: { headers: { 'x-csrf-token': csrfToken }, credentials: 'same-origin' },
  };
  const ends = mapExchange({
    onError(error) {
      if (endsSession(error)) onEnded();
    },
  });
  const reader = new Client({ ...http, requestPolicy: 'network-only', exchanges: [ends, fetchExchange] });
  const client = new Client({
    ...http,
    exchanges: [
      ends,
      createCache(),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => {
            const given = { ...(variables as Record<string, unknown>) };
            // The two libraries disagree about whether absent data is undefined.
            const resumed = resumable(given, sink as Sink<ExecutionResult>);
            return { unsubscribe: socket.subscribe({ query: query ?? '', variables: given }, resumed as Sink) };
          },
        }),
      }),
    ],
  });
  return { client, reader, socket };
}

/** Without the growing waits of the library, which are minutes after a long outage. */
function retryWait(retries: number): Promise<void> {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries) + Math.random() * SPREAD_MS;
  return new Promise((go) => setTimeout(go, wait));
}

/** Whether it says that nobody is signed in any more: as an answer, or because the connection was closed. */
export function endsSession({ graphQLErrors, networkError }: CombinedError): boolean {
  return graphQLErrors.some(({ extensions }) => ENDED.includes(extensions['code'])) || isUnauthorized(networkError);
}

/** 4401 and 4403 of the graphql-ws protocol. */
function isUnauthorized(event: unknown): boolean {
  const code = (event as { code?: number } | undefined)?.code;
  return code === 4401 || code === 4403;
}
