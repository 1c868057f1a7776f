import type { InferSelectModel } from 'drizzle-orm';
import { boolean, integer, jsonb, pgTable, text, uuid } from '../drizzle.js';
import type { WebhookEventName } from '../jsonColumns.js';
import { timestamptz } from './timestamptz.js';

export const webhooks = pgTable('webhook', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  url: text('url').notNull(),
  description: text('description'),
  events: jsonb('events').$type<readonly WebhookEventName[]>().notNull(),
  enabled: boolean('enabled').notNull(),
  /** Set when the service disabled the webhook. */
  disabledReason: text('disabled_reason'),
  /** Encrypted; see webhooks/secretBox.ts. */
  secret: text('secret').notNull(),
  previousSecret: text('previous_secret'),
  /** Until then, both secrets sign. */
  previousUntil: timestamptz('previous_until'),
  /** The receiver asked for no requests until then. */
  heldUntil: timestamptz('held_until'),
  createdAt: timestamptz('created_at').notNull(),
  createdBy: text('created_by'),
});

export const webhookDeliveries = pgTable('webhook_delivery', {
  /** The `webhook-id` of every attempt. */
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  webhookId: uuid('webhook_id').notNull(),
  event: text('event').$type<WebhookEventName>().notNull(),
  /** The exact bytes that are signed and sent. */
  body: text('body').notNull(),
  status: text('status').$type<'PENDING' | 'SUCCEEDED' | 'FAILED'>().notNull(),
  attempts: integer('attempts').notNull(),
  nextAttemptAt: timestamptz('next_attempt_at'),
  leaseOwner: text('lease_owner'),
  leaseUntil: timestamptz('lease_until'),
  lastStatusCode: integer('last_status_code'),
  lastError: text('last_error'),
  createdAt: timestamptz('created_at').notNull(),
  finishedAt: timestamptz('finished_at'),
});

/** The one process that publishes to the MQTT broker. While it was seen lately, events are recorded for it. */
export const mqttPublishers = pgTable('mqtt_publisher', {
  name: text('name').primaryKey(),
  leaseOwner: text('lease_owner'),
  leaseUntil: timestamptz('lease_until'),
  seenAt: timestamptz('seen_at').notNull(),
});

export const mqttMessages = pgTable('mqtt_message', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  /** Below the prefix of MQTT_TOPIC. */
  topic: text('topic').notNull(),
  body: text('body').notNull(),
  createdAt: timestamptz('created_at').notNull(),
});

export type WebhookRow = InferSelectModel<typeof webhooks>;
export type WebhookDeliveryRow = InferSelectModel<typeof webhookDeliveries>;
