/** A receiver of webhooks that answers one tenant and never the other, and a delivery to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask } from './ask.ts';

export interface Receiver {
  readonly url: string;
  /** Resolves at the next delivery to /polite. */
  next(): Promise<void>;
  close(): void;
}

/** Answers at /polite, and never at /silent. */
export async function startReceiver(): Promise<Receiver> {
  let heard = (): void => undefined;
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== '/polite') return;
    response.writeHead(204).end();
    heard();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    next: () => new Promise((resolve) => (heard = resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The id of a delivery of a webhook of the tenant, which a generation of its own causes. */
export async function deliveryTo(receiver: string, url: string, key: string, drawn: string): Promise<string> {
  const create = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }';
  const input = { url: receiver, events: ['GENERATION_SUCCEEDED'] };
  const { createWebhook } = await ask(url, key, create, { input });
  const { generation } = await ask(
    url,
    key,
    `{ generation(id: "${drawn}") { product { partNumber } defect { code } } }`,
  );
  const item = { partNumber: generation.product.partNumber, defectCode: generation.defect.code, steps: 2 };
  await ask(url, key, 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }', {
    input: [item],
  });
  for (;;) {
    const query = `{ webhook(id: "${createWebhook.webhook.id as string}") { deliveries { edges { node { id } } } } }`;
    const [edge] = (await ask(url, key, query)).webhook.deliveries.edges;
    if (edge !== undefined) return edge.node.id as string;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
