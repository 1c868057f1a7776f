/** One tenant at full tilt on each resource that tenants share, and another tenant's small request beside it. */
import sharp from 'sharp';
import { ask } from './ask.ts';
import type { Receiver } from './webhookReceiver.ts';

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

/** What the resources stand on. It can be sent to another thread. */
export interface Stage extends Tenants {
  /** Of the server's process. */
  readonly pid: number;
  /** Generations of each tenant that have samples. */
  readonly drawn: { readonly greedy: string; readonly polite: string };
  /** Deliveries of each tenant: the greedy one's receiver never answers. */
  readonly deliveries: { readonly greedy: string; readonly polite: string };
}

const ANSWER =
  '{ products(first: 100) { edges { node { pairs(first: 100) { edges { node { coverage defect { id code name } } } } } } } }';
const INTROSPECTION =
  '{ a: __schema { types { fields { name args { name type { name } } } } } b: __schema { types { fields { name } } } }';
const MANY_GREEDY = 16;

export async function sharedResources(
  { url, greedy, polite, drawn, deliveries }: Stage,
  receiver?: Receiver,
): Promise<SharedResource[]> {
  const large = await picture(8000, 5000);
  const small = await picture(64, 64);
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
  const redeliver = (key: string, id: string): Promise<unknown> =>
    ask(url, key, 'mutation ($id: ID!) { redeliver(deliveryId: $id) { id } }', { id });
  const tiny = (): Promise<unknown> => ask(url, polite, '{ caller { role } }');
  const events = (id: string): string =>
    `subscription { generationEvents(id: "${id}", after: 0) { __typename ... on SampleReady { sample { image { url } } } } }`;
  return [
    { name: 'decoding of uploads', callers: 12, greedy: () => put(greedy, large), polite: () => put(polite, small) },
    {
      name: 'event loop: large answers',
      callers: MANY_GREEDY,
      greedy: () => receive(url, greedy, ANSWER),
      polite: tiny,
    },
    {
      name: 'event loop: introspection',
      callers: MANY_GREEDY,
      greedy: () => receive(url, greedy, INTROSPECTION),
      polite: tiny,
    },
    {
      name: 'operations and database: many small ones',
      callers: 100,
      greedy: () => receive(url, greedy, '{ generations(first: 5) { edges { node { id } } } }'),
      polite: tiny,
    },
    {
      name: 'subscriptions',
      callers: 50,
      greedy: () => follow(url, greedy, events(drawn.greedy)),
      polite: () => follow(url, polite, events(drawn.polite)),
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
        const heard = receiver?.next();
        await redeliver(polite, deliveries.polite);
        await heard;
      },
    },
  ];
}

function picture(width: number, height: number): Promise<Buffer> {
  const white = { width: width / 2, height: height / 2, channels: 3, background: 'white' } as const;
  return sharp({ create: { width, height, channels: 3, background: 'black' } })
    .composite([{ input: { create: white } }])
    .png()
    .toBuffer();
}

/** Asks without reading what it says: the server is what is measured. */
async function receive(url: string, key: string, query: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).arrayBuffer();
}

/** Reads an event stream to its end. */
async function follow(url: string, key: string, query: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept: 'text/event-stream' };
  const response = await fetch(`${url}/stream`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  await response.text();
}
