/** A pair that no bundle knows, with a donor and a photograph of a good part, and transplants of it. */
import { donorOf } from './donors.js';
import { drawn, fabric, server, startPhotographStage } from './photographStage.js';
import type { Json } from './server.js';
import { send } from './uploads.js';

const NEW = { partNumber: 'COOKIE', defectCode: 'BURN', steps: undefined };
export let ofNewPair: { donor: Json; photograph: Json };

export async function startTransplantStage(): Promise<void> {
  await startPhotographStage();
  const input = { products: [{ partNumber: 'COOKIE', name: 'cookie' }], defects: [{ code: 'BURN', name: 'burn' }] };
  await server.data(
    'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { created } } }',
    {
      input,
    },
  );
  const photograph = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'COOKIE' });
  ofNewPair = { photograph, donor: await donorOf('COOKIE', 'BURN') };
}

export const transplanted = (wish: object = {}): Promise<Json> =>
  drawn({
    ...NEW,
    reference: { id: ofNewPair.photograph.id },
    defectReference: { id: ofNewPair.donor.id },
    ...wish,
  });
