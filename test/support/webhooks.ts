/** What the tests of webhooks ask of a server, and how they check what a receiver got. */
import { Webhook } from 'standardwebhooks';
import type { Received } from './receiver.js';
import type { Json } from './server.js';

export const DONE = ['GENERATION_SUCCEEDED'];
export const ROTATE = `mutation ($id: ID!, $keep: Int!) { rotateWebhookSecret(id: $id, keepPreviousSeconds: $keep) { secret } }`;
export const UPDATE = `mutation ($id: ID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id url events enabled disabledReason description } }`;
export const DELETE = `mutation ($id: ID!) { deleteWebhook(id: $id) { id } }`;
export const REDELIVER = `mutation ($id: ID!) { redeliver(deliveryId: $id) { id status attempts } }`;

export function verified({ body, headers }: Received, secret: string): Json {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
