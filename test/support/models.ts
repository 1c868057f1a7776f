/** A tenant's own models: zips of the student's adapters (inference/studentAdapters.ts), and what a tenant does with them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { STUDENT_ADAPTERS } from '../inference/studentAdapters.js';
import type { Editable } from '../inference/editableBundle.js';
import type { Json, Server } from './server.js';
import type { PutAnswer } from './uploads.js';
import { createUpload, put } from './uploads.js';

export const MODEL = { purpose: 'MODEL' };

export interface AdapterFiles {
  readonly manifest: Editable;
  readonly graph: Buffer;
}

/** Adapters of the default bundle. */
export const DEFAULT_ADAPTERS = join(process.cwd(), 'test/inference/adapters');

export function filesOf(name: 'cog' | 'ring' | 'wool', folder = STUDENT_ADAPTERS): AdapterFiles {
  const path = (file: string): string => join(folder, name, '1.0.0', file);
  return {
    manifest: JSON.parse(readFileSync(path('adapter.json'), 'utf8')) as Editable,
    graph: readFileSync(path('modulation_change.onnx')),
  };
}

export function zipOf(entries: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(entries)) zip.addBuffer(Buffer.from(content), name, { compress: true });
  zip.end();
  return buffer(zip.outputStream);
}

/** The zip of an adapter's folder, after a change. */
export function archiveOf(
  name: 'cog' | 'ring' | 'wool',
  change: (files: { manifest: Editable; graph: Buffer }) => void = () => undefined,
  folder = STUDENT_ADAPTERS,
): Promise<Buffer> {
  const files = { ...filesOf(name, folder) };
  change(files);
  return zipOf({
    'my-parts/adapter.json': JSON.stringify(files.manifest),
    'my-parts/modulation_change.onnx': files.graph,
  });
}

/** Makes the manifest name these bytes. */
export function withGraph(files: { manifest: Editable; graph: Buffer }, graph: Buffer): void {
  files.graph = graph;
  files.manifest.modulation.bytes = graph.byteLength;
  files.manifest.modulation.sha256 = createHash('sha256').update(graph).digest('hex');
}

export async function putModel(server: Server, archive: Buffer, key?: string): Promise<PutAnswer> {
  const { url } = await createUpload(server, MODEL, key);
  return put(url, archive);
}

/** Returns its name@version. */
export async function uploadModel(server: Server, archive: Buffer, key?: string): Promise<string> {
  const { status, body } = await putModel(server, archive, key);
  if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
  return body.model.id;
}

export const MODEL_FIELDS = `id name version visibility base uploadedAt isDefault drawsOnPhotographs license { id sources { source } }
  vocabulary { products defects }`;

export async function modelsOf(server: Server, key?: string): Promise<Json[]> {
  return (await server.data(`{ models { ${MODEL_FIELDS} } }`, {}, key)).models;
}

/** Products and defects of both adapters, under the words that they read. */
export async function importParts(server: Server, key?: string): Promise<Json> {
  const input = {
    products: ['brass cog', 'brass ring', 'tin'].map((name) => ({
      partNumber: name.toUpperCase().replace(' ', '-'),
      name,
      promptName: name,
    })),
    defects: [{ code: 'DENT', name: 'dent', promptName: 'dent' }],
  };
  const query =
    'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { field message } } }';
  return (await server.data(query, { input }, key)).importCatalog;
}
