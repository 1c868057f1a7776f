/**
 * The secrets that sign deliveries. Signing needs them in plain text, so they are not hashed but encrypted (AES-256-GCM) with a key that
 * is not in the database: a copy of the database cannot sign. A secret is bound to its webhook, so secrets cannot be swapped.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SecretBox {
  seal(webhookId: string, secret: string): string;
  /** @throws when the secret was sealed with another key or for another webhook. */
  open(webhookId: string, sealed: string): string;
}

/** In the format of the Standard Webhooks specification: `whsec_` and base64. */
export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** @param master The secret of the service, from which the key is derived. */
export function createSecretBox(master: Uint8Array): SecretBox {
  const key = createHmac('sha256', master).update('webhooks').digest();
  return {
    seal(webhookId, secret) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(webhookId));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
    },
    open(webhookId, sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
      const cipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(webhookId)).setAuthTag(tag);
      const text = cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([text, cipher.final()]).toString('utf8');
    },
  };
}
