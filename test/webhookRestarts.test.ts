/** A delivery survives the end of the process, by a kill and in order. */
import { QUICK, finished, generate } from './support/generations.js';
import type { Received } from './support/receiver.js';
import { LOCAL_WEBHOOKS, createWebhook, settled, startReceiver, status } from './support/receiver.js';
import { newDataDirectory, startServer } from './support/server.js';
import { DONE, verified } from './support/webhooks.js';

test('what happened before a kill is told after it', async () => {
  const dataDirectory = newDataDirectory();
  const env = { ...LOCAL_WEBHOOKS, DATA_DIR: dataDirectory, WEBHOOK_RETRY_SECONDS: '1,1,1,1,1,1,1,1,1,1' };
  // A port on which nobody listens, for now.
  const receiver = await startReceiver();
  const port = Number(new URL(receiver.url).port) + 1;
  const first = await startServer(env);
  const { id, secret } = await createWebhook(first, `http://127.0.0.1:${String(port)}/hook`, DONE);
  const generation = await finished(first, (await generate(first, QUICK)).id);
  const [waiting] = await settled(first, id, (one) => one.attempts > 0 && one.lastError !== null);
  expect(waiting).toMatchObject({
    status: 'PENDING',
    lastStatusCode: null,
    lastError: 'the connection failed: ECONNREFUSED',
  });
  await first.kill();
  const late = await startReceiver(status(204), port);
  const second = await startServer(env);
  const [request] = await late.heard(1);
  expect(verified(request as Received, secret).data.generationId).toBe(generation.id);
  expect(request?.headers['webhook-id']).toBe(waiting.id);
  await settled(second, id, (one) => one.status === 'SUCCEEDED');
});

test('an orderly end waits for no receiver; what it broke off is sent by the next start and counts as nothing', async () => {
  const env = { ...LOCAL_WEBHOOKS, DATA_DIR: newDataDirectory(), WEBHOOK_TIMEOUT_SECONDS: '30' };
  let answers = false;
  const receiver = await startReceiver((response) => answers && response.writeHead(200).end());
  const first = await startServer(env);
  const { id } = await createWebhook(first, receiver.url, DONE);
  await generate(first, QUICK);
  await receiver.heard(1);
  // A process that cannot close everything in time ends itself with 1, long before the delivery times out.
  expect(await first.stop()).toBe(0);
  answers = true;
  const second = await startServer(env);
  const [delivery] = await settled(second, id, (one) => one.status === 'SUCCEEDED');
  expect(delivery.attempts).toBe(1);
});
