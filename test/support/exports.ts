/** Asks for exports, and sees them through. */
import type { Json, Server } from './server.js';
import { until } from './until.js';

export const EXPORT_FIELDS = `
  id status format sampleCount photographCount idempotencyKey createdAt startedAt finishedAt
  options { cocoSegmentation normals heldOutFraction splitSeed photographs { own ofOtherProducts } }
  progress { samplesDone samplesTotal fraction } error { code message }
  archive { url contentType bytes sha256 expiresAt }
`;
export const EXPORT = `mutation ($input: ExportDatasetInput!) { exportDataset(input: $input) { ${EXPORT_FIELDS} } }`;

export async function exportDataset(server: Server, input: object, key?: string): Promise<Json> {
  return (await server.data(EXPORT, { input }, key)).exportDataset;
}

export async function fetchExport(server: Server, id: string, key?: string): Promise<Json> {
  return (await server.data(`query ($id: ID!) { export(id: $id) { ${EXPORT_FIELDS} } }`, { id }, key)).export;
}

export async function exportWhen(server: Server, id: string, enough: (found: Json) => boolean): Promise<Json> {
  return until(async () => {
    const found = await fetchExport(server, id);
    return enough(found) && found;
  });
}

export function exportEnded(server: Server, id: string): Promise<Json> {
  return exportWhen(server, id, ({ status }) => status === 'SUCCEEDED' || status === 'FAILED');
}
