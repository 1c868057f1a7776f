/**
 * One tenant at full tilt on each resource that tenants share, and another tenant's small request beside it. Used by
 * bench/tenants.ts, which prints the ratios, and by test/hostile/fullTilt.test.ts.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

export interface Tenants {
  readonly url: string;
  readonly greedy: string;
  readonly polite: string;
}

export interface SharedResource {
  readonly name: string;
  /** Each call is one request of the greedy tenant. */
  readonly greedy: () => Promise<unknown>;
  /** How many of them are always under way. */
  readonly callers: number;
  readonly polite: () => Promise<unknown>;
}

async function ask(url: string, key: string, query: string, variables: object = {}): Promise<Json> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as Json;
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** @param drawn ids of generations of the greedy and of the polite tenant that have samples */
export async function sharedResources(
  { url, greedy, polite }: Tenants,
  drawn: { readonly greedy: string; readonly polite: string },
): Promise<{ resources: SharedResource[]; close: () => void }> {
  const large = await sharp({ create: { width: 8000, height: 5000, channels: 3, background: 'black' } })
    .png()
    .toBuffer();
  const small = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'black' } })
    .composite([{ input: { create: { width: 32, height: 32, channels: 3, background: 'white' } } }])
    .png()
    .toBuffer();
  const put = async (key: string, file: Buffer): Promise<void> => {
    const { createUpload } = await ask(url, key, 'mutation { createUpload(input: { purpose: MASK }) { url } }');
    await (await fetch(createUpload.url as string, { method: 'PUT', body: file })).text();
  };
  const exported = async (key: string, id: string): Promise<void> => {
    const mutation = 'mutation ($input: ExportDatasetInput!) { exportDataset(input: $input) { id } }';
    const input = { format: 'MVTEC_AD', filter: { generationId: id } };
    const { exportDataset } = await ask(url, key, mutation, { input });
    for (let open = true; open;) {
      const found = await ask(url, key, `{ export(id: "${exportDataset.id as string}") { finishedAt } }`);
      open = found.export.finishedAt === null;
      if (open) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const hook = await startHook();
  const deliveries = {
    greedy: await deliveryTo(`${hook.url}/silent`, url, greedy, drawn.greedy),
    polite: await deliveryTo(`${hook.url}/polite`, url, polite, drawn.polite),
  };
  const redeliver = (key: string, id: string): Promise<Json> =>
    ask(url, key, 'mutation ($id: ID!) { redeliver(deliveryId: $id) { id } }', { id });
  const tiny = (): Promise<Json> => ask(url, polite, '{ caller { role } }');
  const answer =
    '{ products(first: 100) { edges { node { pairs(first: 100) { edges { node { coverage defect { id code name } } } } } } } }';
  const introspection =
    '{ a: __schema { types { fields { name args { name type { name } } } } } b: __schema { types { fields { name } } } }';
  const events = `generationEvents(id: "${drawn.greedy}", after: 0) { __typename ... on SampleReady { sample { image { url } } } }`;
  return {
    close: hook.close,
    resources: [
      { name: 'decoding of uploads', callers: 12, greedy: () => put(greedy, large), polite: () => put(polite, small) },
      { name: 'event loop: large answers', callers: 16, greedy: () => ask(url, greedy, answer), polite: tiny },
      { name: 'event loop: introspection', callers: 16, greedy: () => ask(url, greedy, introspection), polite: tiny },
      {
        name: 'operations and database: many small ones',
        callers: 100,
        greedy: () => ask(url, greedy, '{ generations(first: 5) { edges { node { id } } } }'),
        polite: tiny,
      },
      {
        name: 'subscriptions',
        callers: 50,
        greedy: () => follow(url, greedy, `subscription { ${events} }`),
        polite: () => follow(url, polite, `subscription { ${events.replace(drawn.greedy, drawn.polite)} }`),
      },
      {
        name: 'exports',
        callers: 8,
        greedy: () => exported(greedy, drawn.greedy),
        polite: () => exported(polite, drawn.polite),
      },
      {
        name: 'webhook attempts',
        callers: 20,
        greedy: () => redeliver(greedy, deliveries.greedy),
        polite: async () => {
          const heard = hook.next();
          await redeliver(polite, deliveries.polite);
          await heard;
        },
      },
    ],
  };
}

/** Reads an event stream to its end. */
async function follow(url: string, key: string, query: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept: 'text/event-stream' };
  const response = await fetch(`${url}/stream`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  await response.text();
}

/** Answers at /polite, and never at /silent. */
async function startHook(): Promise<{ url: string; next: () => Promise<void>; close: () => void }> {
  let heard = (): void => undefined;
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== '/polite') return;
    response.writeHead(204).end();
    heard();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    next: () => new Promise((resolve) => (heard = resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The id of a delivery of a webhook of the tenant, which a generation of its own causes. */
async function deliveryTo(hook: string, url: string, key: string, drawn: string): Promise<string> {
  const create = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }';
  const input = { url: hook, events: ['GENERATION_SUCCEEDED'] };
  const { createWebhook } = await ask(url, key, create, { input });
  const { generation } = await ask(
    url,
    key,
    `{ generation(id: "${drawn}") { product { partNumber } defect { code } } }`,
  );
  const item = { partNumber: generation.product.partNumber, defectCode: generation.defect.code, steps: 2 };
  await ask(url, key, 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }', {
    input: [item],
  });
  for (;;) {
    const query = `{ webhook(id: "${createWebhook.webhook.id as string}") { deliveries { edges { node { id } } } } }`;
    const [edge] = (await ask(url, key, query)).webhook.deliveries.edges;
    if (edge !== undefined) return edge.node.id as string;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface Delay {
  readonly name: string;
  /** Milliseconds of the polite tenant's request: the median of the rounds. */
  readonly aloneMs: number;
  readonly besideMs: number;
  /** Requests of the greedy tenant that ended meanwhile. */
  readonly greedyRequests: number;
}

export async function measureDelay({ name, greedy, callers, polite }: SharedResource, rounds: number): Promise<Delay> {
  const timed = async (): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      await polite();
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
  };
  await polite(); // the first one is slower
  const aloneMs = await timed();
  const going = new AbortController();
  let greedyRequests = 0;
  const load = Array.from({ length: callers }, async () => {
    while (!going.signal.aborted) {
      // A refusal is an answer too.
      await greedy().catch(() => undefined);
      greedyRequests += 1;
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const besideMs = await timed();
  going.abort();
  await Promise.all(load);
  return { name, aloneMs, besideMs, greedyRequests };
}
