/**
 * Records an event for everyone who is to be told: the tenant's webhooks that subscribed to it, and the MQTT broker. It
 * runs in the transaction of the change, so every committed event is delivered, even after a kill. The body is written
 * at that time and never changes.
 */
import { eq, sql } from '../storage/drizzle.js';
import { notify } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import type { WebhookEventName } from '../storage/jsonColumns.js';
import { mqttMessages, mqttPublishers, tenants, webhookDeliveries, webhooks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** Notified when there is a delivery to send. */
export const WEBHOOK_CHANNEL = 'webhook';
/** Notified when there is a message to publish. */
export const MQTT_CHANNEL = 'mqtt';
/** Events are recorded for a publisher that was seen within this time, however long its broker is away. */
const PUBLISHER_HOURS = 24;

export interface Receivers {
  readonly webhookIds: readonly string[];
  readonly mqtt: boolean;
}

/** Undefined if nobody is to be told. */
export async function receiversOf(
  { database, rows }: TenantScope,
  event: WebhookEventName,
): Promise<Receivers | undefined> {
  const subscribed = rows(webhooks, eq(webhooks.enabled, true), sql`${webhooks.events} ? ${event}`);
  const { rows: found } = await database.execute<{ id: string | null }>(sql`
    select ${webhooks.id} as id from ${webhooks} where ${subscribed}
    union all
    select null from ${mqttPublishers} where ${mqttPublishers.seenAt} > now() - make_interval(hours => ${PUBLISHER_HOURS})
  `);
  if (found.length === 0) return undefined;
  const webhookIds = found.flatMap(({ id }) => id ?? []);
  return { webhookIds, mqtt: webhookIds.length < found.length };
}

/**
 * @param subject the topic of the messages, below the tenant's
 * @param data of each event
 */
export async function deliverEvent(
  { database, own, tenantId }: TenantScope,
  { webhookIds, mqtt }: Receivers,
  event: WebhookEventName,
  at: Date,
  subject: readonly string[],
  data: readonly object[],
): Promise<void> {
  const bodies = data.map((each) => ({ type: webhookEventType(event), timestamp: at.toISOString(), data: each }));
  const waiting = { event, status: 'PENDING' as const, attempts: 0, nextAttemptAt: at, createdAt: at };
  const deliveries = bodies.flatMap((body) =>
    webhookIds.map((webhookId) => own({ ...waiting, id: newId(), webhookId, body: JSON.stringify(body) })),
  );
  if (deliveries.length > 0) {
    await database.insert(webhookDeliveries).values(deliveries);
    await notify(database, WEBHOOK_CHANNEL, '');
  }
  if (!mqtt) return;
  const [tenant] = await database.select({ name: tenants.name }).from(tenants).where(eq(tenants.id, tenantId));
  const topic = [tenant?.name ?? '', ...subject].map(topicLevel).join('/');
  const messages = bodies.map((body) => {
    const id = newId();
    return own({ id, topic, body: JSON.stringify({ id, ...body }), createdAt: at });
  });
  await database.insert(mqttMessages).values(messages);
  await notify(database, MQTT_CHANNEL, '');
}

/** The type in a body: `generation.succeeded` for GENERATION_SUCCEEDED. */
export function webhookEventType(event: WebhookEventName): string {
  return event.toLowerCase().replace('_', '.');
}

/** One level of a topic: without the characters that mean something to a broker. */
function topicLevel(text: string): string {
  return encodeURIComponent(text);
}
