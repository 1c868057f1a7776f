/** How this process marks images: with the operator's certificate, with one that it makes, without one, or not at all. */
import { join } from 'node:path';
import type { MarkingConfig } from '../config/marking.js';
import type { MarkImages } from '../marking/markingThread.js';
import { createMarkingThread } from '../marking/markingThread.js';
import { packageVersion } from './version.js';

/** Undefined: images are not marked. */
export async function openMarking(
  { kind, signing }: MarkingConfig,
  dataDirectory: string,
): Promise<MarkImages | undefined> {
  if (kind === 'off') return undefined;
  const generator = { name: 'DefectDiffu', version: packageVersion() };
  if (kind === 'xmp') return createMarkingThread({ generator, signing: null });
  return createMarkingThread({ generator, signing: signing ?? (await selfMade(join(dataDirectory, 'marking'))) });
}

async function selfMade(folder: string) {
  const { readOrCreateCertificate } = await import('../marking/selfMadeCertificate.js');
  return readOrCreateCertificate(folder);
}
