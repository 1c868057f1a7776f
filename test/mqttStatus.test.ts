/** Whether the service is there, as the broker says: also while one of several processes comes or goes. */
import type { Broker } from './support/broker.js';
import { HAS_BROKER, MOSQUITTO, listenTo, startBroker } from './support/broker.js';
import { createLog } from '../src/log.js';
import { openStorage } from '../src/storage/open.js';
import type { Storage } from '../src/storage/database.js';
import { startMqttPublisher } from '../src/webhooks/mqttPublisher.js';
import { databaseOf } from './support/database.js';
import { endDaemon, freePort } from './support/daemon.js';
import { newDataDirectory } from './support/server.js';

const testWithBroker = HAS_BROKER ? test : test.skip;
if (!HAS_BROKER) process.stderr.write(`MQTT is not tested: there is no ${MOSQUITTO} (apt-get install mosquitto)\n`);

/** So often one that does not publish asks whether it may. */
const POLL_MS = 1_000;

let storage: Storage;
let broker: Broker | undefined;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
});
afterAll(async () => {
  if (broker !== undefined) await endDaemon(broker.process, 'SIGKILL');
  await storage.close();
});

testWithBroker('the service is online as long as one of its processes is', async () => {
  const { url } = (broker = await startBroker(await freePort()));
  const { client, messages, heard } = await listenTo(url, ['dd/status']);
  let connections = 0;
  const log = Object.assign(createLog('silent'), { info: () => connections++ });
  const start = () => startMqttPublisher(storage, { url, topic: 'dd' }, log);
  const said = () => messages.map(({ body }) => String(body));
  const first = await start();
  await heard((all) => all.length > 0);
  // Those that do not publish have no connection, and so no will that the broker could tell.
  const [second, third] = [await start(), await start()];
  await new Promise((resolve) => setTimeout(resolve, 3 * POLL_MS));
  await second.stop();
  expect([connections, new Set(said())]).toEqual([1, new Set(['online'])]);

  // The one that publishes is replaced, as at an update.
  await first.stop();
  await heard(() => said().includes('offline') && said().at(-1) === 'online');
  expect(connections).toBe(2);

  // One that was killed: its will says "offline".
  await client.publishAsync('dd/status', 'offline', { qos: 1, retain: true });
  const before = said().length;
  await heard((all) => all.length > before && said().at(-1) === 'online');

  await third.stop();
  await heard(() => said().at(-1) === 'offline');
  await client.endAsync(true);
});
