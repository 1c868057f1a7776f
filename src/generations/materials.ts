/** What the engine needs of a photograph, read from the store and drawn from polygons: for the samples of one generation. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ArtifactStore } from '../artifacts/store.js';
import type { PhotographRequest } from '../inference/index.js';
import { masksOf } from '../references/masks.js';
import { referencesOf } from '../references/references.js';
import type { Area, DrawSettings } from '../storage/records.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { rasterised } from './polygons.js';
import { samplesOf } from './samples.js';
import { rowOf } from './strengths.js';

export interface Material {
  readonly request: PhotographRequest;
  readonly referenceId: string | null;
  readonly baseSampleId: string | null;
}

/** A picture that is drawn on. */
interface Ground {
  readonly picture: Uint8Array;
  readonly marked: Uint8Array | null;
  readonly width: number;
  readonly height: number;
  readonly referenceId: string | null;
}

/** Of sample `index`; `null` where it is drawn from noise. */
export type Materials = (index: number) => Promise<Material | null>;

export function materialsOf(scope: TenantScope, store: ArtifactStore, settings: DrawSettings): Materials {
  const { photograph } = settings;
  const artifact = (key: string): Promise<Uint8Array> =>
    readFile(join(store.root, store.pathOf(scope.tenantId, key) ?? ''));

  async function onReference(id: string): Promise<Ground> {
    const { artifactKey, width, height } = await referencesOf(scope).require(id);
    return { picture: await artifact(artifactKey), marked: null, width, height, referenceId: id };
  }

  async function onSample(id: string): Promise<Ground> {
    const [sample] = await samplesOf(scope).byId([id]);
    const [image] = await samplesOf(scope).artifacts([sample?.imageKey ?? '']);
    if (sample === undefined || image === undefined) throw new Error(`sample ${id} is gone`);
    const { referenceId, imageKey, maskKey } = sample;
    const { width, height } = image;
    return { picture: await artifact(imageKey), marked: await artifact(maskKey), width, height, referenceId };
  }

  async function area(of: Area, { width, height }: Ground): Promise<Uint8Array> {
    if ('maskId' in of) return artifact((await masksOf(scope).require(of.maskId)).artifactKey);
    return sharp(rasterised(of.polygons, width, height), { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
  }

  return async (index) => {
    if (photograph == null) return null;
    const { references, baseSample, region, allowedArea, freedom } = photograph;
    const reference = references[rowOf(settings, index) % references.length];
    const ground = await (baseSample === null ? onReference(reference ?? '') : onSample(baseSample));
    return {
      referenceId: ground.referenceId,
      baseSampleId: baseSample,
      request: {
        picture: ground.picture,
        marked: ground.marked,
        freedom,
        region:
          typeof region === 'string'
            ? { kind: region, allowed: allowedArea === null ? null : await area(allowedArea, ground) }
            : { kind: 'MASK', mask: await area(region, ground) },
      },
    };
  };
}
