/**
 * Publishes the events that webhooks get to an MQTT broker: each on `<topic>/events`, and the last one retained on
 * `<topic>/status`. At least once: a message leaves the database when the broker has acknowledged it.
 */
import { randomUUID } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import type { MqttConfig } from '../config/mqtt.js';
import type { Log } from '../log.js';
import { createWaiters } from '../queue/waiters.js';
import type { Storage } from '../storage/database.js';
import { MQTT_CHANNEL } from './deliverEvent.js';
import type { MqttMessage } from './mqttOutbox.js';
import {
  PUBLISHER_LEASE_SECONDS,
  claimPublishing,
  nextMessages,
  releasePublishing,
  removeMessages,
} from './mqttOutbox.js';

const POLL_MS = 1_000;
/** Below the lease, so that a process that publishes still has it. */
const ACKNOWLEDGEMENT_MS = (PUBLISHER_LEASE_SECONDS * 1000) / 2;
const RENEW_MS = (PUBLISHER_LEASE_SECONDS * 1000) / 4;
const RECONNECT_MS = 2_000;
/** So often the one that publishes says again that the service is there: the will of the one before can come late. */
const ANNOUNCE_MS = 15_000;
const QOS = 1;

export interface MqttPublisher {
  stop(): Promise<void>;
}

export async function startMqttPublisher(
  { database, listen }: Storage,
  { url, topic: prefix }: MqttConfig,
  log: Log,
): Promise<MqttPublisher> {
  const { default: mqtt } = await import('mqtt');
  const owner = randomUUID();
  const waiters = createWaiters();
  const waiter = waiters.waiter(MQTT_CHANNEL);
  const unlisten = await listen(MQTT_CHANNEL, () => waiters.notify(MQTT_CHANNEL));
  const service = `${prefix}/status`;
  const will = { topic: service, payload: Buffer.from('offline'), qos: QOS, retain: true } as const;
  /** Of the process that publishes. Another one has none, so that the broker tells nobody its will when it goes. */
  let client: MqttClient | undefined;
  let isAway = false;
  let announceAt = 0;

  function connect(): MqttClient {
    const connecting = mqtt.connect(url, { reconnectPeriod: RECONNECT_MS, queueQoSZero: false, will });
    connecting.on('connect', () => {
      isAway = false;
      log.info({ broker: brokerOf(url) }, 'connected to the MQTT broker');
      announce(connecting);
      waiters.notify(MQTT_CHANNEL);
    });
    connecting.on('error', (error) => reportLoss(error));
    connecting.on('offline', () => reportLoss(undefined));
    return connecting;
  }

  /** With a farewell, the broker does not publish the will. */
  async function disconnect(): Promise<void> {
    const leaving = client;
    client = undefined;
    if (leaving?.connected === true) await acknowledged(leaving.endAsync()).catch(() => leaving.stream.destroy());
    else await leaving?.endAsync(true);
  }

  /** Of several processes, each can go; the service is there as long as one publishes. */
  function announce(connected: MqttClient): void {
    announceAt = Date.now() + ANNOUNCE_MS;
    connected.publish(service, 'online', { qos: QOS, retain: true });
  }

  function reportLoss(error: Error | undefined): void {
    if (isAway) return;
    isAway = true;
    log.warn({ broker: brokerOf(url), err: error }, 'the MQTT broker is away; events wait in the database');
  }

  let stopping = false;
  let renewAt = 0;

  /** Whether this process may publish now, for at least as long as one batch takes. */
  async function hasLease(): Promise<boolean> {
    const now = Date.now();
    if (now < renewAt) return true;
    // The one before may have said that it goes.
    if (renewAt === 0) announceAt = 0;
    renewAt = (await claimPublishing(database, owner)) ? now + RENEW_MS : 0;
    return renewAt > 0;
  }

  /** Returns whether there may be more. */
  async function publishSome(): Promise<boolean> {
    if (!(await hasLease())) {
      await disconnect();
      return false;
    }
    client ??= connect();
    if (!client.connected) return false;
    if (Date.now() >= announceAt) announce(client);
    const messages = await nextMessages(database);
    if (messages.length === 0) return false;
    await publishAll(client, prefix, messages);
    await removeMessages(
      database,
      messages.map(({ id }) => id),
    );
    return true;
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      const woken = waiter.next(POLL_MS);
      const more = await publishSome().catch((error: unknown) => {
        log.warn({ err: error }, 'publishing to the MQTT broker failed; it is tried again');
        return false;
      });
      if (!more) await woken;
    }
  }

  const looping = loop();
  return {
    async stop() {
      stopping = true;
      waiter.close();
      await looping;
      await unlisten();
      // Another process may be there. The next one that publishes says so after this.
      if (renewAt > 0 && client?.connected === true)
        await acknowledged(client.publishAsync(service, 'offline', { qos: QOS, retain: true })).catch(reportLoss);
      await releasePublishing(database, owner).catch(() => undefined);
      await disconnect();
    },
  };
}

/** In order, without waiting for each: MQTT keeps the order of a connection. */
async function publishAll(client: MqttClient, prefix: string, messages: readonly MqttMessage[]): Promise<void> {
  const last = new Map(messages.map((message) => [message.topic, message]));
  const sent = messages.flatMap(({ topic, body }) =>
    client.publishAsync(`${prefix}/${topic}/events`, body, { qos: QOS }),
  );
  const kept = [...last.values()].map(({ topic, body }) =>
    client.publishAsync(`${prefix}/${topic}/status`, body, { qos: QOS, retain: true }),
  );
  await acknowledged(Promise.all([...sent, ...kept]));
}

async function acknowledged(sending: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the broker acknowledged nothing for ${String(ACKNOWLEDGEMENT_MS / 1000)} s`;
    timer = setTimeout(() => reject(new Error(message)), ACKNOWLEDGEMENT_MS);
  });
  await Promise.race([sending, late]).finally(() => clearTimeout(timer));
}

/** Without the user and password. */
function brokerOf(url: string): string {
  return new URL(url).host;
}
