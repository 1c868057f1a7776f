/** Spans, as an operator's SDK in the real process gets them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GENERATE, QUICK, finished, generate } from './support/generations.js';
import { newDataDirectory, startServer } from './support/server.js';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly attributes: Record<string, unknown>;
  readonly events: readonly string[];
  readonly start: number;
  readonly end: number;
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

function traced(dataDirectory: string): Record<string, string> {
  const sdk = pathToFileURL(join(process.cwd(), 'test', 'support', 'otel.mjs')).href;
  return { DATA_DIR: dataDirectory, NODE_OPTIONS: `--import ${sdk}`, TEST_SPANS: join(dataDirectory, 'spans') };
}

function spansIn(dataDirectory: string): readonly Span[] {
  const file = join(dataDirectory, 'spans');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Span);
}

/** Spans of a trace, once one with this name has ended. */
async function traceWith(dataDirectory: string, traceId: string, name: string): Promise<readonly Span[]> {
  for (;;) {
    const spans = spansIn(dataDirectory).filter((span) => span.traceId === traceId);
    if (spans.some((span) => span.name === name)) return spans;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function generateAs(url: string, key: string, count: number): Promise<string> {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    traceparent: `00-${TRACE}-${CALLER}-01`,
  };
  const body = JSON.stringify({ query: GENERATE, variables: { input: [{ ...QUICK, count }] } });
  const answer = (await (await fetch(url, { method: 'POST', headers, body })).json()) as {
    data: { generateDefects: [{ id: string }] };
  };
  return answer.data.generateDefects[0].id;
}

test('one trace goes from the caller through request, admission and queue to every drawn and stored sample', async () => {
  const dataDirectory = newDataDirectory();
  const server = await startServer(traced(dataDirectory));
  const id = await generateAs(server.url, 'a-key-for-tests', 2);
  await finished(server, id);
  const spans = await traceWith(dataDirectory, TRACE, 'generation');
  const named = (name: string): readonly Span[] => spans.filter((span) => span.name === name);
  const [request] = named('POST /graphql');
  const [admission] = named('admit');
  const [queued] = named('queued');
  const [generation] = named('generation');
  expect(request?.parent).toBe(CALLER);
  expect(request?.attributes['http.response.status_code']).toBe(200);
  expect(admission?.parent).toBe(request?.spanId);
  expect([queued?.parent, generation?.parent]).toEqual([admission?.spanId, admission?.spanId]);
  expect(queued?.attributes['defectdiffu.generation']).toBe(id);
  expect(queued?.end).toBeLessThanOrEqual((generation?.start ?? 0) + 5);

  const [drawn, stored] = [named('draw sample'), named('store sample')];
  const samples = [`${id}/0`, `${id}/1`];
  for (const each of [drawn, stored]) {
    expect(each.map(({ attributes }) => attributes['defectdiffu.sample']).sort()).toEqual(samples);
    for (const { parent } of each) expect(parent).toBe(generation?.spanId);
  }
  for (const { events } of drawn) expect(events).toEqual(['began on the device']);
});

test('the trace of a generation goes on in the process that takes it up after a kill', async () => {
  const dataDirectory = newDataDirectory();
  const first = await startServer(traced(dataDirectory));
  const id = await generateAs(first.url, 'a-key-for-tests', 40);
  await traceWith(dataDirectory, TRACE, 'store sample');
  await first.kill();
  const second = await startServer(traced(dataDirectory));
  await finished(second, id);
  const [generation] = (await traceWith(dataDirectory, TRACE, 'generation')).filter(
    ({ name }) => name === 'generation',
  );
  expect(generation?.attributes).toMatchObject({ 'defectdiffu.generation': id, 'defectdiffu.samples': 40 });
});

test('what is no trace context is ignored, and a request begins its own', async () => {
  const dataDirectory = newDataDirectory();
  const server = await startServer(traced(dataDirectory));
  const [livez, traceparent] = [server.url.replace('/graphql', '/livez'), '00-nonsense-01'];
  await fetch(livez, { headers: { traceparent } });
  await finished(server, (await generate(server, QUICK)).id);
  const spans = spansIn(dataDirectory);
  expect(spans.find(({ name }) => name === 'GET /livez')).toMatchObject({
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(spans.find(({ name }) => name === 'GET /livez')?.parent).toBeUndefined();
});
