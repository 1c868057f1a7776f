/** Reads a JSON file of an archive. */
import type { z } from 'zod';
import type { Archive } from '../openArchive.js';
import type { Problems } from '../problems.js';

/** Of one file: parsing it takes a tenth of a second. */
const MAX_BYTES = 8 * 2 ** 20;

/** Undefined, and a problem, if it is none, too large, or not of the schema. */
export async function readJson<T>(
  archive: Archive,
  name: string,
  schema: z.ZodType<T>,
  problems: Problems,
): Promise<T | undefined> {
  const content = await archive.read(name);
  if (content.length > MAX_BYTES) {
    problems.add(`${name}: has ${String(content.length)} bytes; at most ${String(MAX_BYTES)} are read: divide it`);
    return undefined;
  }
  const found = schema.safeParse(parsed(content));
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  problems.add(`${name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`);
  return undefined;
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
