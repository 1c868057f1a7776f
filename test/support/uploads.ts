/** Sends files to the service, as a caller does: ask for a URL, then PUT the bytes. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import type { Json, Server } from './server.js';

export const UPLOAD_FIELDS = `
  id purpose url expiresAt maximumBytes completedAt
  reference { id name width height createdAt archivedAt product { partNumber } image { url contentType width height bytes } }
  mask { id width height areaFraction createdAt image { url contentType width height bytes } }
`;
export const CREATE_UPLOAD = `mutation ($input: CreateUploadInput!) { createUpload(input: $input) { ${UPLOAD_FIELDS} } }`;

export const PHOTOGRAPH = { purpose: 'REFERENCE', partNumber: 'TILE' };
export const MASK = { purpose: 'MASK' };

export interface PutAnswer {
  readonly status: number;
  readonly body: Json;
}

export async function createUpload(server: Server, input: object = PHOTOGRAPH, key?: string): Promise<Json> {
  return (await server.data(CREATE_UPLOAD, { input }, key)).createUpload;
}

export async function fetchUpload(server: Server, id: string, key?: string): Promise<Json> {
  return (await server.data(`query ($id: ID!) { upload(id: $id) { ${UPLOAD_FIELDS} } }`, { id }, key)).upload;
}

export async function put(url: string | URL, body: Buffer | FormData | ReadableStream<Uint8Array>): Promise<PutAnswer> {
  // `duplex` is needed for a body that is a stream.
  const response = await fetch(url, { method: 'PUT', body, duplex: 'half' } as unknown as RequestInit);
  return { status: response.status, body: await response.json() };
}

/** What the file has become. */
export async function send(server: Server, file: Buffer, input: object = PHOTOGRAPH, key?: string): Promise<Json> {
  const { id, url } = await createUpload(server, input, key);
  const { status, body } = await put(url, file);
  if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
  const { reference, mask } = await fetchUpload(server, id, key);
  return reference ?? mask;
}

/** A defective photograph, whose brighter pixels are taken for the defect. */
export async function sendDonor(server: Server, file: Buffer, partNumber: string, defectCode: string): Promise<Json> {
  const mask = await send(server, await sharp(file).threshold(80).png().toBuffer(), MASK);
  return send(server, file, { purpose: 'REFERENCE', partNumber, defectCode, maskId: mask.id });
}

/** The files in the artifact store, those on their way in among them. */
export function storedFiles(server: Server): string[] {
  const root = join(server.dataDirectory, 'artifacts');
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
}

export async function referencesOf(server: Server, args = '(first: 100)', partNumber = 'TILE'): Promise<Json[]> {
  const query = `query ($part: String!) { product(partNumber: $part) { references${args} { edges { node { id archivedAt } } } } }`;
  const { product } = await server.data(query, { part: partNumber });
  return product.references.edges.map(({ node }: Json) => node);
}

export interface Stored {
  readonly files: string[];
  readonly references: Json[];
}

/** Everything stored that a caller can see. */
export async function storedBy(server: Server): Promise<Stored> {
  return {
    files: storedFiles(server).sort(),
    references: await referencesOf(server, '(first: 100, includeArchived: true)'),
  };
}
