/** A real MQTT broker (Debian's mosquitto) beside the tests, and a client that remembers what it was sent. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { connectAsync } from 'mqtt';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { startDaemon } from './daemon.js';
import { newFolder } from './server.js';
import type { Json } from './server.js';
import { until } from './until.js';

export const MOSQUITTO = '/usr/sbin/mosquitto';
export const HAS_BROKER = existsSync(MOSQUITTO);

export interface Broker {
  readonly url: string;
  readonly process: ChildProcess;
}

export async function startBroker(port: number): Promise<Broker> {
  const folder = newFolder();
  writeFileSync(join(folder, 'conf'), `listener ${String(port)} 127.0.0.1\nallow_anonymous true\n`);
  const url = `mqtt://127.0.0.1:${String(port)}`;
  const process = await startDaemon({
    command: MOSQUITTO,
    args: ['-c', join(folder, 'conf')],
    logFile: join(folder, 'log'),
    isUp: async () => (await connectAsync(url, { reconnectPeriod: 0 })).endAsync(true),
  });
  return { url, process };
}

export interface MqttMessage {
  readonly topic: string;
  readonly retained: boolean;
  readonly body: Json;
}

export interface Listener {
  readonly client: MqttClient;
  readonly messages: MqttMessage[];
  heard(enough: (messages: readonly MqttMessage[]) => boolean): Promise<readonly MqttMessage[]>;
}

export async function listenTo(url: string, topics: string[]): Promise<Listener> {
  const client = await connectAsync(url, { reconnectPeriod: 100 });
  const messages: MqttMessage[] = [];
  client.on('message', (topic: string, payload: Buffer, { retain }: IPublishPacket) => {
    const text = payload.toString();
    messages.push({ topic, retained: retain, body: text.startsWith('{') ? (JSON.parse(text) as Json) : text });
  });
  await client.subscribeAsync(topics, { qos: 1 });
  return { client, messages, heard: (enough) => until(async () => enough(messages) && messages) };
}
