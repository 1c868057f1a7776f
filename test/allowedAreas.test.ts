/** Where defects of a product may lie is kept with the product, for everybody. */
import { grey } from './support/photographs.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';
import { MASK, send } from './support/uploads.js';

const KEPT = '{ product(partNumber: "TILE") { allowedArea { id width height } } }';
const SET = 'mutation ($maskId: ID) { setAllowedArea(partNumber: "TILE", maskId: $maskId) { allowedArea { id } } }';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

test('an allowed area is kept until it is removed, and an import leaves it alone', async () => {
  const file = await grey((x) => (x < 9 ? 255 : 0))
    .png()
    .toBuffer();
  const { id, width, height } = await send(server, file, MASK);
  expect((await server.data(KEPT)).product.allowedArea).toBeNull();
  expect((await server.data(SET, { maskId: id })).setAllowedArea.allowedArea).toEqual({ id });
  await server.data(
    'mutation { importCatalog(input: { products: [{ partNumber: "TILE", name: "a tile" }] }) { warnings { field } } }',
  );
  expect((await server.data(KEPT)).product.allowedArea).toEqual({ id, width, height });
  await server.data(SET);
  expect((await server.data(KEPT)).product.allowedArea).toBeNull();
});

test('a mask or a product that is not there is refused', async () => {
  const nobodys = '01890000-0000-7000-8000-000000000000';
  expect(await server.error(SET, { maskId: nobodys })).toMatchObject({
    message: `maskId: there is no region mask "${nobodys}"`,
    extensions: { code: 'NOT_FOUND', field: 'maskId' },
  });
  const unknown = 'mutation { setAllowedArea(partNumber: "NONE") { id } }';
  expect((await server.error(unknown)).extensions.code).toBe('NOT_FOUND');
});
