/** The Model Context Protocol, as its own SDK's client speaks it, over both transports. */
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import sharp from 'sharp';
import { bytesAt } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';
import { entriesIn, textIn } from './support/zip.js';

let server: Server;
const clients: Client[] = [];
beforeAll(async () => {
  server = await startServer({ MCP: 'true' });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const overHttp = (key: string = TEST_KEY): Transport => {
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  return new StreamableHTTPClientTransport(new URL('/mcp', server.url), { requestInit }) as Transport;
};
const overStdio = (key: string = TEST_KEY): Transport =>
  new StdioClientTransport({
    command: process.execPath,
    args: [join(process.cwd(), 'dist/mcpStdio/main.js')],
    env: { DEFECTDIFFU_URL: server.url, DEFECTDIFFU_API_KEY: key },
  });

async function connect(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  clients.push(client);
  await client.connect(transport);
  return client;
}

async function call(client: Client, name: string, input: object = {}, onprogress?: () => void): Promise<Json> {
  const options = onprogress === undefined ? {} : { onprogress };
  return client.callTool({ name, arguments: input as Record<string, unknown> }, undefined, options);
}

const value = async (client: Client, name: string, input: object = {}): Promise<Json> => {
  const { content, isError } = await call(client, name, input);
  if (isError === true) throw new Error(content[0].text as string);
  return JSON.parse(content[0].text as string);
};

describe.each([
  ['HTTP', overHttp],
  ['standard input and output', overStdio],
])('over %s', (_, open) => {
  test('a product is found, drawn, waited for, looked at, and exported', async () => {
    const client = await connect(open());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'describe_service',
      'export_dataset',
      'find_defects',
      'find_products',
      'generate_defects',
      'look_at_samples',
      'wait_for_export',
      'wait_for_generation',
    ]);
    expect((await value(client, 'describe_service')).models[0].vocabulary.products).toContain('tile');
    const { found } = await value(client, 'find_products', { search: 'til' });
    expect(found).toEqual([{ partNumber: 'TILE', name: 'tile', promptName: 'tile' }]);
    const defects = await value(client, 'find_defects', { first: 1 });
    expect(defects).toEqual({ found: [{ code: 'CRACK', name: 'crack', promptName: 'crack' }], more: true });

    const request = { partNumber: 'TILE', defectCode: 'CRACK', count: 2, strength: 2, seed: 11 };
    const { id } = await value(client, 'generate_defects', request);
    let told = 0;
    const waited = await call(client, 'wait_for_generation', { id, seconds: 50 }, () => told++);
    const done = JSON.parse(waited.content[0].text as string);
    expect(done).toMatchObject({ status: 'SUCCEEDED', progress: { samplesDone: 2 }, error: null });
    expect(told).toBeGreaterThan(0);
    expect(done.samples).toHaveLength(2);
    expect((await bytesAt(done.samples[0].image)).length).toBeGreaterThan(100);

    const { content } = await call(client, 'look_at_samples', { generationId: id, picture: 'mask', from: 1 });
    expect(content.map(({ type }: Json) => type)).toEqual(['text', 'image']);
    const picture = await sharp(Buffer.from(content[1].data as string, 'base64')).metadata();
    const stored = await sharp(await bytesAt(done.samples[1].mask)).metadata();
    expect([picture.format, picture.width, picture.height]).toEqual(['png', stored.width, stored.height]);
    expect(picture.xmpAsString).toContain('trainedAlgorithmicMedia');

    const input = { format: 'COCO', generationId: id };
    const { content: refused } = await call(client, 'export_dataset', { ...input, photographs: { own: true } });
    expect(refused[0].text).toMatch(/input.photographs: no defective photograph matches/);
    const exported = await value(client, 'export_dataset', input);
    expect(exported.sampleCount).toBe(2);
    const { archive, status } = await value(client, 'wait_for_export', { id: exported.id, seconds: 50 });
    expect(status).toBe('SUCCEEDED');
    const manifest = JSON.parse(textIn(entriesIn(await bytesAt(archive.url)), 'manifest.json'));
    expect(manifest.counts.samples).toBe(2);

    const reviews = [{ sampleId: done.samples[0].id, version: 0, state: 'REJECTED' }];
    const REVIEW = 'mutation ($input: ReviewSamplesInput!) { reviewSamples(input: $input) { conflicts { id } } }';
    await server.data(REVIEW, { input: { reviews } });
    expect((await value(client, 'export_dataset', input)).sampleCount).toBe(1);
    const all = { ...input, review: ['UNREVIEWED', 'REJECTED'] };
    expect((await value(client, 'export_dataset', all)).sampleCount).toBe(2);
  });

  test('a refusal is an answer that a model can act on', async () => {
    const client = await connect(open());
    const refused = async (name: string, input: object) => {
      const { content, isError } = await call(client, name, input);
      expect(isError).toBe(true);
      return content[0].text as string;
    };
    expect(await refused('generate_defects', { partNumber: 'tile', defectCode: 'CRACK' })).toMatch(
      /^UNKNOWN_PRODUCT: .*did you mean "TILE"\? Case matters/,
    );
    expect(await refused('wait_for_generation', { id: 'nothing' })).toBe('NOT_FOUND: there is no generation "nothing"');
    expect(await refused('look_at_samples', { generationId: 'x', count: 9 })).toContain('count');
    expect(await refused('find_products', { partNumber: 'TILE' })).toContain('partNumber');
  });
});

test('the same keys and roles hold, and without one nothing is said', async () => {
  await expect(connect(overHttp('no-such-key'))).rejects.toThrow(/401|Unauthorized|not valid|key/i);
  const anonymous = await fetch(new URL('/mcp', server.url), { method: 'POST', body: '{}' });
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
  expect((await fetch(new URL('/mcp', server.url))).status).toBe(405);

  const create = 'mutation { createApiKey(input: { name: "agent", role: VIEWER }) { secret } }';
  const { secret } = (await server.data(create)).createApiKey;
  for (const open of [overHttp, overStdio]) {
    const viewer = await connect(open(secret as string));
    const refused = await call(viewer, 'generate_defects', { partNumber: 'TILE', defectCode: 'CRACK' });
    expect([refused.isError, refused.content[0].text]).toEqual([true, expect.stringMatching(/^FORBIDDEN: /)]);
  }
});

test('the calls of a batch count one by one', async () => {
  const call = (id: number, name: string, given: object): object => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: given },
  });
  const send = (count: number, name: string, given: object): Promise<Response> =>
    fetch(new URL('/mcp', server.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(Array.from({ length: count }, (_, i) => call(i, name, given))),
    });
  const refused = await send(33, 'find_products', {});
  expect([refused.status, ((await refused.json()) as Json).error.message]).toEqual([
    429,
    'more than 32 calls of this tenant would run, which is the most at a time; each of a batch is one',
  ]);
  const answers = await (await send(32, 'find_products', { first: 1 })).text();
  expect(answers.match(/partNumber/g)?.length).toBe(32);
});
