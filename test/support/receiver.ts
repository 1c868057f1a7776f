/** The other end of a webhook: an HTTP server on this machine that remembers what it was sent. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, Server } from './server.js';
import { until } from './until.js';

/** What lets a server post to a receiver, and try again soon. */
export const LOCAL_WEBHOOKS = {
  WEBHOOK_ALLOW_HTTP: 'true',
  WEBHOOK_ALLOW_NETWORKS: '127.0.0.1/32',
  WEBHOOK_RETRY_SECONDS: '0.05,0.05,0.05',
  WEBHOOK_TIMEOUT_SECONDS: '2',
};

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves when `count` requests have come. */
  heard(count: number): Promise<readonly Received[]>;
}

export type Reply = (response: ServerResponse, nth: number) => void;

export const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(code, headers).end();

const open = new Set<ReturnType<typeof createServer>>();

afterAll(() => {
  for (const server of open) {
    server.closeAllConnections();
    server.close();
  }
});

export async function startReceiver(reply: Reply = status(204), port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const listeners = new Set<() => void>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body, at: Date.now() });
      reply(response, received.length);
      for (const listener of listeners) listener();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  open.add(server);
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    received,
    heard: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.length < count) return;
          listeners.delete(look);
          resolve(received);
        };
        listeners.add(look);
        look();
      }),
  };
}

export const WEBHOOK_FIELDS = `id url description events enabled disabledReason createdAt
  deliveries { edges { node { id event status attempts lastStatusCode lastError nextAttemptAt finishedAt payload } } }`;

export const CREATE_WEBHOOK = `mutation ($input: CreateWebhookInput!) {
  createWebhook(input: $input) { secret webhook { ${WEBHOOK_FIELDS} } }
}`;

export async function createWebhook(server: Server, url: string, events: readonly string[], key?: string) {
  const { createWebhook: made } = await server.data(CREATE_WEBHOOK, { input: { url, events } }, key);
  return { id: made.webhook.id as string, secret: made.secret as string, webhook: made.webhook as Json };
}

export async function fetchWebhook(server: Server, id: string, key?: string): Promise<Json> {
  return (await server.data(`query ($id: ID!) { webhook(id: $id) { ${WEBHOOK_FIELDS} } }`, { id }, key)).webhook;
}

export async function deliveriesOf(server: Server, id: string): Promise<Json[]> {
  return (await fetchWebhook(server, id)).deliveries.edges.map(({ node }: Json) => node);
}

/** The deliveries, once the newest satisfies `enough`. */
export async function settled(server: Server, id: string, enough: (delivery: Json) => boolean): Promise<Json[]> {
  return until(async () => {
    const found = await deliveriesOf(server, id);
    return found[0] !== undefined && enough(found[0]) && found;
  });
}
