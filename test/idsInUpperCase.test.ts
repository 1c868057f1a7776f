/** Ids are read in either case, as PostgreSQL reads them, and what is made of them is that of the row. */
import { CANCEL, QUICK, SLOW, eventsOf, finished, generate } from './support/generations.js';
import { donorOf } from './support/donors.js';
import { fabric, server, startPhotographStage } from './support/photographStage.js';
import type { Received } from './support/receiver.js';
import { LOCAL_WEBHOOKS, createWebhook, startReceiver } from './support/receiver.js';
import { startServer } from './support/server.js';
import { send } from './support/uploads.js';
import { DONE, ROTATE, verified } from './support/webhooks.js';

test('a secret that was rotated signs', async () => {
  const own = await startServer(LOCAL_WEBHOOKS);
  const receiver = await startReceiver();
  const { id } = await createWebhook(own, receiver.url, DONE);
  const { rotateWebhookSecret } = await own.data(ROTATE, { id: id.toUpperCase(), keep: 0 });
  await finished(own, (await generate(own, QUICK)).id);
  const [request] = await receiver.heard(1);
  expect(verified(request as Received, rotateWebhookSecret.secret).type).toBe('generation.succeeded');
});

test('a generation is followed and canceled', async () => {
  const own = await startServer();
  const upper = ((await generate(own, SLOW)).id as string).toUpperCase();
  const seen = eventsOf(own, upper);
  expect((await own.data(CANCEL, { id: upper })).cancelGeneration.status).toBe('CANCELED');
  expect((await seen).at(-1).type).toBe('GenerationCanceled');
  expect((await own.data(`{ generation(id: "${upper}") { id } }`)).generation.id).toBe(upper.toLowerCase());
});

test('photographs are drawn on, and found by their defects', async () => {
  await startPhotographStage();
  const input = { purpose: 'REFERENCE', partNumber: 'FABRIC' };
  const [good, donor] = [await send(server, fabric, input), await donorOf('FABRIC', 'STAIN')];
  const [reference, defectReference] = [{ id: good.id.toUpperCase() }, { id: donor.id.toUpperCase() }];
  const wish = { ...QUICK, partNumber: 'FABRIC', defectCode: 'STAIN', reference, defectReference, steps: undefined };
  const drawn = await finished(server, (await generate(server, { ...wish, count: 1 })).id);
  expect(drawn.status).toBe('SUCCEEDED');
  const { generateForMisses } = await server.data(
    'mutation ($input: GenerateForMissesInput!) { generateForMisses(input: $input) { status } }',
    { input: { missed: [donor.id.toUpperCase()], count: 1 } },
  );
  expect(generateForMisses).toHaveLength(1);
});
