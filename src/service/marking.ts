/** How this process marks images: with the operator's certificate, with one that it makes, without one, or not at all. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { MarkingConfig } from '../config/marking.js';
import { StartError } from '../errors.js';
import type { MarkImages } from '../marking/markingThread.js';
import { createMarkingThread } from '../marking/markingThread.js';
import type { Generator } from '../marking/provenance.js';
import { packageVersion } from './version.js';

const SMALLEST_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** What marks name as the program. */
export const generator = (): Generator => ({ name: 'DefectDiffu', version: packageVersion() });

/** Undefined: images are not marked. @throws StartError */
export async function openMarking(
  { kind, signing }: MarkingConfig,
  dataDirectory: string,
): Promise<MarkImages | undefined> {
  if (kind === 'off') return undefined;
  if (kind === 'xmp') return createMarkingThread({ generator: generator(), signing: null });
  if (signing === undefined)
    return createMarkingThread({ generator: generator(), signing: await selfMade(join(dataDirectory, 'marking')) });
  await requireAcceptable(signing.certificates);
  const markImages = createMarkingThread({ generator: generator(), signing });
  await requireUsable(markImages);
  return markImages;
}

async function requireAcceptable(certificates: string): Promise<void> {
  const { problemOfCertificate } = await import('../marking/signingCertificate.js');
  const problem = await problemOfCertificate(certificates, new Date());
  if (problem !== undefined) throw new StartError(`MARKING_CERTIFICATE: the first certificate ${problem}`);
}

/** Not every key can sign a manifest. Otherwise, the first who notices would be whoever asks for samples. */
async function requireUsable(markImages: MarkImages): Promise<void> {
  const provenance = { sampleId: randomUUID(), sourceType: 'trainedAlgorithmicMedia', model: null } as const;
  try {
    await markImages([SMALLEST_PNG], provenance);
  } catch (error) {
    throw new StartError(`MARKING_KEY: no image can be signed with it: ${(error as Error).message}`, { cause: error });
  }
}

async function selfMade(folder: string) {
  const { readOrCreateCertificate } = await import('../marking/selfMadeCertificate.js');
  return readOrCreateCertificate(folder);
}
