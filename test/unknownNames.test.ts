import { GENERATE, QUICK } from './support/generations.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const refusal = (item: object) => server.error(GENERATE, { input: [{ ...QUICK, ...item }] });

test('an unknown part, defect or model is told with what there is', async () => {
  expect(await refusal({ partNumber: 'tile' })).toMatchObject({
    message:
      'input[0].partNumber: there is no product "tile"; did you mean "TILE"? Case matters; there are: METAL_NUT, TILE',
    extensions: { code: 'UNKNOWN_PRODUCT', available: ['METAL_NUT', 'TILE'], suggestions: ['TILE'] },
  });
  expect((await refusal({ partNumber: 'TILES' })).message).toBe(
    'input[0].partNumber: there is no product "TILES"; there are: METAL_NUT, TILE',
  );
  expect(await refusal({ defectCode: 'Crack' })).toMatchObject({
    message:
      'input[0].defectCode: there is no defect "Crack"; did you mean "CRACK"? Case matters; there are: CRACK, SCRATCH',
    extensions: { code: 'UNKNOWN_DEFECT', suggestions: ['CRACK'] },
  });
  const onAny = { partNumber: 'tile', reference: { anyOfProduct: true } };
  expect((await refusal(onAny)).extensions.code).toBe('UNKNOWN_PRODUCT');
  expect(await refusal({ defectCode: 'DENT' })).toMatchObject({
    message: 'input[0].defectCode: there is no defect "DENT"; there are: CRACK, SCRATCH',
    extensions: { code: 'UNKNOWN_DEFECT', available: ['CRACK', 'SCRATCH'] },
  });
  expect(await refusal({ model: 'huge' })).toMatchObject({
    message: 'input[0].model: there is no "huge"; there are: tiny@1.0.0',
    extensions: { code: 'UNKNOWN_MODEL' },
  });
});
