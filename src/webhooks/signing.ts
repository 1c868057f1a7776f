/** The headers of a delivery, according to the Standard Webhooks specification. During a rotation, both secrets sign. */
import { Webhook } from 'standardwebhooks';
import type { WebhookRow } from '../storage/tables.js';
import type { SecretBox } from './secretBox.js';

export type SigningSecrets = Pick<WebhookRow, 'id' | 'secret' | 'previousSecret' | 'previousUntil'>;

export function signedHeaders(
  webhook: SigningSecrets,
  delivery: { readonly id: string; readonly body: string },
  box: SecretBox,
  now = new Date(),
): Record<string, string> {
  const { secret, previousSecret, previousUntil } = webhook;
  const previous = previousSecret !== null && previousUntil !== null && previousUntil > now ? [previousSecret] : [];
  const signatures = [secret, ...previous].map((sealed) =>
    new Webhook(box.open(webhook.id, sealed)).sign(delivery.id, now, delivery.body),
  );
  return {
    'content-type': 'application/json',
    'user-agent': 'DefectDiffu-Webhooks',
    'webhook-id': delivery.id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}
