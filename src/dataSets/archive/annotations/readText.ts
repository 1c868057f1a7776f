/** Reads a text file of an archive, which is bounded. */
import type { Archive } from '../openArchive.js';
import { NoShapeError } from './noShape.js';

/** Of one file: parsing it takes a tenth of a second. */
const MAX_BYTES = 4 * 2 ** 20;

/** Throws NoShapeError, whose message begins after the name of the file. */
export async function readText(archive: Archive, name: string, advice = 'divide it'): Promise<string> {
  const content = await archive.read(name);
  if (content.length > MAX_BYTES)
    throw new NoShapeError(`has ${String(content.length)} bytes; at most ${String(MAX_BYTES)} are read: ${advice}`);
  return content.toString('utf8').replace(/^\uFEFF/, '');
}
