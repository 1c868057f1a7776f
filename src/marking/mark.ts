/** Marks the images of a sample: an XMP packet, and a C2PA manifest if there is a signer. Pixels do not change. */
import type { Signer } from '@trustnxt/c2pa-ts/cose';
import { addManifest } from './manifest.js';
import { insertXmp } from './pngXmp.js';
import type { Generator, Provenance } from './provenance.js';
import { xmpPacket } from './xmp.js';

/** Throws if an image is not a PNG file. */
export async function markImages(
  images: readonly Uint8Array[],
  generator: Generator,
  provenance: Provenance,
  signer: Signer | null,
): Promise<Uint8Array[]> {
  const packet = xmpPacket(generator, provenance);
  const marked: Uint8Array[] = [];
  for (const image of images) {
    const described = insertXmp(image, packet);
    marked.push(signer === null ? described : await addManifest(described, generator, provenance, signer));
  }
  return marked;
}
