/** The example that turns a B2MML file into a catalog import: what docs/catalog.md maps arrives in the service. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogOf } from './support/catalog.js';
import type { Json, Server } from './support/server.js';
import { newFolder, startServer } from './support/server.js';

const transformed = (...args: string[]): Json =>
  JSON.parse(execFileSync('python3', ['examples/b2mml/to_import.py', ...args], { encoding: 'utf8' }));

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

test('material definitions become products, and with --all the others are archived', async () => {
  const { importCatalog } = catalogOf(() => server);
  const { products } = await importCatalog(transformed('examples/b2mml/materials.xml'));
  expect(products).toMatchObject({ created: 2, archived: 0 });
  const query = 'query ($part: String!) { product(partNumber: $part) { name promptName attributes archivedAt } }';
  const product = async (part: string): Promise<Json> => (await server.data(query, { part })).product;
  expect(await product('4711')).toMatchObject({
    name: 'Bearing plate',
    promptName: 'Steel_Strip',
    attributes: { version: '2', scope: 'Plant 1', Thickness: { value: '1.5', unit: 'mm' }, Drawing: 'DRW-88' },
  });
  expect(await product('4712')).toMatchObject({ name: '4712', attributes: null });
  expect((await importCatalog(transformed('examples/b2mml/materials.xml', '--all'))).products).toMatchObject({
    unchanged: 2,
    archived: 2,
  });
});

test('other versions have other namespaces, and messages of a transaction wrap the definitions', () => {
  const file = join(newFolder(), 'sync.xml');
  const definition = '<MaterialDefinition><ID>X</ID></MaterialDefinition>';
  writeFileSync(file, `<SyncMaterialDefinition xmlns="urn:other"><DataArea>${definition}</DataArea></SyncMaterialDefinition>`); // prettier-ignore
  expect(transformed(file)).toEqual({ products: [{ partNumber: 'X' }], archiveMissing: false });
});
