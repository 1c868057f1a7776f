/** Real client libraries against the real service: a query, a mutation, the events of a generation, and a wrong key. */
import { QUICK } from '../support/generations.js';
import { pythonWith, runPython } from '../support/python.js';
import type { Server } from '../support/server.js';
import { TEST_KEY, newFolder, startServer } from '../support/server.js';
import type { Driver } from './drivers.js';
import { DRIVERS } from './drivers.js';

const PRODUCT = 'query ($part: String!) { product(partNumber: $part) { __typename partNumber } }';
const GENERATE =
  'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { __typename id status } }';
const EVENTS = `subscription ($id: ID!) {
  generationEvents(id: $id) { __typename ... on SampleReady { seq } ... on GenerationSucceeded { seq } }
}`;

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

async function drive<T>(name: string, key: string, use: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = DRIVERS[name]?.(server.url, key);
  if (driver === undefined) throw new Error(`no driver ${name}`);
  try {
    return await use(driver);
  } finally {
    driver.close?.();
  }
}

const NAMES = Object.keys(DRIVERS);

test.each(NAMES)('%s queries, requests a generation, and follows it to its end', async (name) => {
  await drive(name, TEST_KEY, async ({ run, follow }) => {
    expect((await run(PRODUCT, { part: 'TILE' })).product).toEqual({ __typename: 'Product', partNumber: 'TILE' });
    const { generateDefects } = await run(GENERATE, { input: [QUICK] });
    if (follow === undefined) return;
    const types: string[] = [];
    for await (const { generationEvents } of follow(EVENTS, { id: generateDefects[0].id }))
      types.push(generationEvents.__typename);
    expect(types.at(0)).toBe('GenerationQueued');
    expect(types).toContain('SampleReady');
    expect(types.at(-1)).toBe('GenerationSucceeded');
  });
});

test.each(NAMES)('%s is told that its key is wrong, and does not try again', async (name) => {
  const refused = drive(name, 'wrong', ({ run }) => run(PRODUCT, { part: 'TILE' }));
  const error: unknown = await refused.catch((reason: unknown) => reason);
  const { message = '', code = '', reason = '' } = error as { message?: string; code?: number; reason?: string };
  expect(`${message} ${String(code)} ${reason}`).toMatch(
    name.startsWith('graphql-ws')
      ? '4401 UNAUTHENTICATED: This API key is not known.'
      : /This API key is not known|Unauthorized|status code 401/,
  );
});

const [gqlPython, ariadnePython] = [pythonWith('gql', 'aiohttp', 'websockets'), pythonWith('ariadne_codegen', 'httpx')];
const testIf = (python: string | undefined) => (python === undefined ? test.skip : test);

testIf(gqlPython)('gql (Python) fetches the schema, and takes its key to WebSockets in three ways', async () => {
  const { events, refusal } = await runPython(
    gqlPython ?? '',
    'test/clients/python/drive_gql.py',
    server.url,
    TEST_KEY,
  );
  expect(Object.keys(events)).toEqual(['headers', 'init_payload', 'init_payload.headers']);
  for (const types of Object.values<string[]>(events)) {
    expect(types.at(0)).toBe('GenerationQueued');
    expect(types.at(-1)).toBe('GenerationSucceeded');
  }
  expect(refusal).toMatch(/4401.*UNAUTHENTICATED: This API key is not known/);
});

testIf(ariadnePython)('ariadne-codegen (Python) writes a typed client that works', async () => {
  const args = [server.url, TEST_KEY, newFolder(), 'DateTime'];
  const found = await runPython(ariadnePython ?? '', 'test/clients/python/drive_ariadne.py', ...args);
  expect(found).toMatchObject({ partNumber: 'TILE', year: expect.any(Number) });
  expect(found.events.at(-1)).toBe('GenerationSucceeded');
});
