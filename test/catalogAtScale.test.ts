/** A catalog of thousands: one import, its bounds, what it archives, and what a restart leaves of it. */
import { IMPORT, catalogOf } from './support/catalog.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const { importCatalog, refusal, product, partNumbers, defectCodes } = catalogOf(() => server);

describe('thousands', () => {
  const many = (count: number, start = 0) => ({
    products: Array.from({ length: count }, (_, i) => ({
      partNumber: `N${String(start + i).padStart(6, '0')}`,
      name: `Part ${String(i)}`,
      promptName: i % 2 === 0 ? 'tile' : 'metal nut',
      attributes: { line: i % 7, drawing: `DRW-${String(i)}`, supplier: 'somebody' },
    })),
    defects: Array.from({ length: count / 10 }, (_, i) => ({ code: `N${String(i)}`, name: 'crack' })),
  });

  test('5000 products and 500 defects come in at once, and the bound on items is told', async () => {
    const { products, defects } = await importCatalog(many(5000));
    expect([products.created, defects.created]).toEqual([5000, 500]);
    const again = await importCatalog(many(5000));
    expect([again.products.unchanged, again.defects.unchanged]).toEqual([5000, 500]);
    const { serverInfo } = await server.data('{ serverInfo { limits { catalogItems } } }');
    const error = await refusal({ products: Array.from({ length: 10_001 }, (_, i) => ({ partNumber: String(i) })) });
    expect(error.message).toBe('input: 10001 items are more than 10000');
    expect(serverInfo.limits.catalogItems).toBe(10_000);
  });

  test('archiveMissing archives what the list does not name, of the lists that are given, and refuses an empty one', async () => {
    const result = await importCatalog({ products: [{ partNumber: 'TILE' }], archiveMissing: true });
    expect(result.products.archived).toBeGreaterThanOrEqual(5001);
    expect(result.defects.archived).toBe(0);
    expect(await partNumbers('first: 100')).toEqual(['TILE']);
    expect((await product('METAL_NUT')).archivedAt).not.toBeNull();
    const again = await importCatalog({ products: [{ partNumber: 'TILE' }], archiveMissing: true });
    expect(again.products).toEqual({ created: 0, updated: 0, unchanged: 1, archived: 0 });
    expect((await refusal({ products: [], archiveMissing: true })).message).toMatch(/^input.products: is empty/);
  });

  test('only an import, and only with a key, may have a large body', async () => {
    const post = async (query: string, bytes: number, key = TEST_KEY) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ query, variables: { input: {}, x: 'x'.repeat(bytes) } });
      const response = await fetch(server.url, { method: 'POST', headers, body });
      return { status: response.status, message: ((await response.json()) as Json).errors?.[0].message };
    };
    expect((await post(IMPORT, 4_000_000)).status).toBe(200);
    expect(await post(IMPORT, 9_000_000)).toEqual({
      status: 413,
      message: 'The request is larger than 8388608 bytes.',
    });
    const small = { status: 413, message: 'The request is larger than 262144 bytes.' };
    expect(await post('{ serverInfo { version } }', 400_000)).toEqual(small);
    // The body of who is not known is not read.
    expect(await post(IMPORT, 400_000, 'not-a-key')).toEqual({ status: 401, message: 'This API key is not known.' });
  });
});

test('a restart neither brings back what was archived nor renames what was renamed', async () => {
  await importCatalog({ products: [{ partNumber: 'TILE', name: 'Floor' }] });
  await server.data('mutation { archiveDefect(code: "CRACK") { id } }');
  await server.stop();
  server = await startServer({ DATA_DIR: server.dataDirectory });
  expect(await product('TILE')).toMatchObject({ name: 'Floor', promptName: 'tile' });
  expect((await product('METAL_NUT')).archivedAt).not.toBeNull();
  expect(await defectCodes('first: 100')).not.toContain('CRACK');
});
