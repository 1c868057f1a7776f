/** Puts a signed C2PA manifest into a PNG file. It binds what it says to every other byte of the file. */
import { randomUUID } from 'node:crypto';
import { PNG } from '@trustnxt/c2pa-ts/asset';
import type { Signer } from '@trustnxt/c2pa-ts/cose';
import type { Action, DigitalSourceType } from '@trustnxt/c2pa-ts/manifest';
import {
  ActionAssertion,
  ActionType,
  ClaimVersion,
  DataHashAssertion,
  ManifestStore,
} from '@trustnxt/c2pa-ts/manifest';
import type { Generator, Provenance } from './provenance.js';
import { sourceTypeUrl } from './provenance.js';

const HASH = 'SHA-256';
/** Room for the signature (512 bytes with an RSA key of 4096 bits). The library reserves 25 kB, for time stamps. */
const SIGNATURE_ROOM = 600;

export async function addManifest(
  png: Uint8Array,
  generator: Generator,
  provenance: Provenance,
  signer: Signer,
): Promise<Uint8Array> {
  const asset = new PNG(png);
  const store = new ManifestStore();
  const manifest = store.createManifest({
    claimVersion: ClaimVersion.V2,
    assetFormat: 'image/png',
    instanceID: `urn:uuid:${randomUUID()}`,
    defaultHashAlgorithm: HASH,
    signer,
  });
  const { claim, signature } = manifest;
  if (claim === undefined || signature === undefined) throw new Error('the C2PA manifest has no claim');
  claim.claimGeneratorName = generator.name;
  claim.claimGeneratorVersion = generator.version;
  signature.signatureData.paddingLength = SIGNATURE_ROOM;
  const binding = DataHashAssertion.create(HASH);
  manifest.addAssertion(binding);
  const actions = new ActionAssertion();
  actions.actions.push(createdBy(generator, provenance));
  manifest.addAssertion(actions);
  await asset.ensureManifestSpace(store.measureSize());
  await binding.updateWithAsset(asset);
  await manifest.sign(signer);
  await asset.writeManifestJUMBF(store.getBytes());
  return asset.getDataRange();
}

/** Other parameters than the standard's have a name in the form of a domain, so that readers keep them apart. */
function createdBy({ name, version }: Generator, { sampleId, sourceType, model }: Provenance): Action {
  const description = model === null ? `sample ${sampleId}` : `model ${model}, sample ${sampleId}`;
  return {
    action: ActionType.C2paCreated,
    digitalSourceType: sourceTypeUrl(sourceType) as DigitalSourceType,
    softwareAgent: { name, version },
    parameters: {
      description,
      'defectdiffu.sample': sampleId,
      ...(model === null ? {} : { 'defectdiffu.model': model }),
    },
  };
}
