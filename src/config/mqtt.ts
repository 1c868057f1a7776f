/** The MQTT broker that events are published to. */
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { text } from './environment.js';

export interface MqttConfig {
  /** With the user and password, so it is never shown. */
  readonly url: string;
  /** The first levels of every topic. */
  readonly topic: string;
}

const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];

/** Undefined if nothing is published. */
export function readMqttConfig(env: Environment): MqttConfig | undefined {
  const url = text(env, 'MQTT_URL');
  const topic = text(env, 'MQTT_TOPIC') ?? 'defectdiffu';
  if (!/^[^+#\0/$][^+#\0]*$/.test(topic) || topic.endsWith('/'))
    throw new StartError(`MQTT_TOPIC: "${topic}" is not a topic without wildcards, such as plant-2/defectdiffu`);
  if (url === undefined) return undefined;
  if (URL.canParse(url) && SCHEMES.includes(new URL(url).protocol)) return { url, topic };
  throw new StartError('MQTT_URL: is not of the form mqtt://user:password@host:1883 or mqtts://host:8883');
}
