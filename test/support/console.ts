/** A browser that is signed in to the console: it sends the cookie by itself, and the CSRF token as the console does. */
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Answer, Json, Server } from './server.js';
import { TEST_KEY } from './server.js';

export interface Browser {
  readonly cookie: string;
  readonly csrfToken: string;
  /** A path of the service. `init.headers` can replace what the browser sends. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  ask(query: string, variables?: object): Promise<Answer>;
  /** Over the WebSocket, from a page of `origin`. */
  subscribe(query: string, variables?: object, origin?: string): AsyncIterableIterator<Answer>;
  /** Over server-sent events. */
  stream(query: string, variables?: object): AsyncIterableIterator<Answer>;
}

export const originOf = ({ url }: Pick<Server, 'url'>): string => new URL(url).origin;

export function postKey(server: Server, key: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL('/session', server.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ key }),
  });
}

export function cookieIn(response: Response): string {
  return response.headers.getSetCookie().at(-1)?.split(';')[0] ?? '';
}

export async function signIn(server: Server, key = TEST_KEY): Promise<Browser> {
  const response = await postKey(server, key);
  const { session } = (await response.json()) as Json;
  if (response.status !== 201) throw new Error(`the sign-in was answered with ${String(response.status)}`);
  return browserWith(server, cookieIn(response), session.csrfToken as string);
}

export function browserWith(server: Server, cookie: string, csrfToken: string): Browser {
  const headers = { cookie, 'x-csrf-token': csrfToken };
  const page = originOf(server);
  return {
    cookie,
    csrfToken,
    fetch: (path, init = {}) =>
      fetch(new URL(path, page), { ...init, headers: { ...headers, ...(init.headers as object) } }),
    async ask(query, variables = {}) {
      const body = JSON.stringify({ query, variables });
      const sent = { ...headers, 'content-type': 'application/json' };
      return (await (await fetch(server.url, { method: 'POST', headers: sent, body })).json()) as Answer;
    },
    async *subscribe(query, variables = {}, origin = page) {
      const webSocketImpl = class extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { headers: { cookie, origin } });
        }
      };
      const url = server.url.replace(/^http/, 'ws');
      const client = createSocketClient({ url, webSocketImpl, retryAttempts: 0 });
      try {
        yield* client.iterate({ query, variables: variables as Json }) as AsyncIterableIterator<Answer>;
      } finally {
        await client.dispose();
      }
    },
    async *stream(query, variables = {}) {
      const client = createSseClient({ url: `${server.url}/stream`, headers, retryAttempts: 0 });
      try {
        yield* client.iterate({ query, variables: variables as Json }) as AsyncIterableIterator<Answer>;
      } finally {
        client.dispose();
      }
    },
  };
}
