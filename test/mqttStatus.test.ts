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
import { until } from './support/until.js';

const testWithBroker = HAS_BROKER ? test : test.skip;
if (!HAS_BROKER) process.stderr.write(`MQTT is not tested: there is no ${MOSQUITTO} (apt-get install mosquitto)\n`);

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
  const start = async () => {
    const before = connections;
    const publisher = await startMqttPublisher(storage, { url, topic: 'dd' }, log);
    await until(() => connections > before);
    return publisher;
  };
  const said = () => messages.map(({ body }) => String(body));
  const first = await start();
  await heard((all) => all.length > 0);
  const second = await start();
  // One that does not publish goes without a word. Whatever it could say is heard before what the next one says.
  await second.stop();
  const gone = said().length;
  const third = await start();
  await heard((all) => all.length > gone);
  expect(new Set(said())).toEqual(new Set(['online']));

  // The one that publishes is replaced, as at an update.
  await first.stop();
  await heard(() => said().includes('offline') && said().at(-1) === 'online');

  // One that was killed: its will says "offline".
  await client.publishAsync('dd/status', 'offline', { qos: 1, retain: true });
  const before = said().length;
  await heard((all) => all.length > before && said().at(-1) === 'online');

  await third.stop();
  await heard(() => said().at(-1) === 'offline');
  await client.endAsync(true);
});
