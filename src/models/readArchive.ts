/**
 * Reads an uploaded model: a zip of the folder that `defectdiffu-train export` writes, with adapter.json and the graph that it names. The
 * file is untrusted: its entries are counted and their sizes bounded before and while they are inflated, and nothing is written
 * to a path that it names.
 */
import { basename, dirname } from 'node:path/posix';
import type { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';
import { openPromise } from 'yauzl';
import { ServiceError, quote } from '../errors.js';

export const ARCHIVE_LIMITS = { entries: 32, manifestBytes: 2 * 2 ** 20, graphBytes: 16 * 2 ** 20 } as const;

const MANIFEST = 'adapter.json';
/** What macOS adds to archives. Nothing of it is read. */
export const IGNORED = /^__MACOSX\/|(^|\/)\.DS_Store$/;

export interface ModelArchive {
  /** The text of adapter.json. */
  readonly manifest: string;
  /** The name of the other file, without its folder. */
  readonly graphFile: string;
  readonly graph: Buffer;
}

/** Throws `ServiceError` MODEL_ARCHIVE_INVALID. */
export async function readArchive(path: string): Promise<ModelArchive> {
  const zip = await openPromise(path).catch((error: unknown) => {
    throw invalid(`is not a zip file: ${(error as Error).message}`);
  });
  try {
    return await readEntries(zip);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw invalid(`cannot be read: ${(error as Error).message}`);
  } finally {
    zip.close();
  }
}

async function readEntries(zip: ZipFile): Promise<ModelArchive> {
  const { entryCount } = zip;
  if (entryCount > ARCHIVE_LIMITS.entries)
    throw invalid(`has ${String(entryCount)} entries; at most ${String(ARCHIVE_LIMITS.entries)} are allowed`, {
      max: ARCHIVE_LIMITS.entries,
      value: entryCount,
    });
  const files: { readonly name: string; readonly content: Buffer }[] = [];
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    if (fileName.endsWith('/') || IGNORED.test(fileName)) continue;
    if (files.length === 2) throw invalid(`has the file ${quote(fileName)} beside adapter.json and one graph`);
    files.push({ name: fileName, content: await inflate(zip, entry) });
  }
  const manifest = files.find(({ name }) => basename(name) === MANIFEST);
  if (manifest === undefined) throw invalid(`has no adapter.json; zip the folder that defectdiffu-train export wrote`);
  const graph = files.find((file) => file !== manifest);
  if (graph === undefined) throw invalid('has no graph beside adapter.json');
  if (dirname(graph.name) !== dirname(manifest.name))
    throw invalid(`has ${quote(graph.name)} in another folder than ${quote(manifest.name)}`);
  return { manifest: manifest.content.toString('utf8'), graphFile: basename(graph.name), graph: graph.content };
}

/** The size that an entry states is checked first; that it states the right one, while it is inflated. */
async function inflate(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const { fileName, uncompressedSize } = entry;
  const most = basename(fileName) === MANIFEST ? ARCHIVE_LIMITS.manifestBytes : ARCHIVE_LIMITS.graphBytes;
  const tooLarge = (bytes: number): ServiceError =>
    invalid(`has ${quote(fileName)} with ${String(bytes)} bytes; at most ${String(most)} are allowed`, {
      max: most,
      value: bytes,
    });
  if (uncompressedSize > most) throw tooLarge(uncompressedSize);
  const stream: Readable = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge(bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function invalid(problem: string, details: { max?: number; value?: number } = {}): ServiceError {
  return new ServiceError('MODEL_ARCHIVE_INVALID', `body: ${problem}`, { field: 'body', ...details });
}
