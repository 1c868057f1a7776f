/** Uploads the images that the samples are drawn on, and names them for the request. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Client } from './client.js';
import { DemoError } from './options.js';
import type { Options } from './options.js';

interface Pair {
  readonly partNumber: string;
  readonly defectCode: string;
}

/** The fields `reference` and `defectReference` of the request. Identical images are stored once. */
export async function uploadImages(client: Client, pair: Pair, { on, onTwin, donor }: Options): Promise<object> {
  if (onTwin) return { reference: { twin: true } };
  if (on === undefined) return {};
  if (donor === undefined) return { reference: { id: await photograph(client, '--on', on, pair.partNumber) } };
  const added = await client.register(pair.partNumber, pair.defectCode);
  if (added.length > 0) console.log(`Added to the catalog: ${added.join(', ')}`);
  const id = await photograph(client, '--on', on, pair.partNumber);
  const maskId = await client.upload(await bytesOf('--defect-mask', donor.mask), { purpose: 'MASK' }, donor.mask);
  const marked = { defectCode: pair.defectCode, maskId };
  const donorId = await photograph(client, '--defect-photograph', donor.photograph, pair.partNumber, marked);
  return { reference: { id }, defectReference: { id: donorId } };
}

async function photograph(
  client: Client,
  option: string,
  path: string,
  partNumber: string,
  marked: { defectCode?: string; maskId?: string } = {},
): Promise<string> {
  const name = basename(path);
  return client.upload(await bytesOf(option, path), { purpose: 'REFERENCE', partNumber, name, ...marked }, name);
}

async function bytesOf(option: string, path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new DemoError(`${option}: ${(error as Error).message}`);
  });
}
