/** Finds the files of the images that a generation draws on, for the engine. */
import type { ArtifactStore } from '../../artifacts/store.js';
import type { MaskSource, InpaintingRequest, ImageSource } from '../../inference/index.js';
import { masksOf } from '../../references/masks.js';
import { referencesOf } from '../../references/references.js';
import type { Area, GenerationSettings } from '../../storage/jsonColumns.js';
import { denoisingStrengthOf } from '../../storage/jsonColumns.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { samplesOf } from '../samples/sampleRepository.js';
import { sweepRow } from '../samples/sampleDraw.js';

export interface SampleInput {
  readonly request: InpaintingRequest;
  readonly referenceId: string | null;
  readonly baseSampleId: string | null;
}

/** The image that a sample is drawn on. */
interface BaseImage {
  readonly image: ImageSource | null;
  readonly marked: ImageSource | null;
  readonly referenceId: string | null;
}

/** The sample's own normal twin, which the engine draws first. */
const NORMAL_TWIN: BaseImage = { image: null, marked: null, referenceId: null };

/** Returns the input image of a sample; null for samples from noise. */
export type GetInputImage = (index: number) => Promise<SampleInput | null>;

export function createInputImages(
  scope: TenantScope,
  store: ArtifactStore,
  settings: GenerationSettings,
): GetInputImage {
  const { photograph } = settings;
  const artifact = (key: string): Promise<string> => store.local(scope.tenantId, key);

  /** One look-up per id for all samples, because the result does not change. */
  const keys = new Map<string, Promise<string>>();
  const keyOf = (id: string, find: () => Promise<{ artifactKey: string }>): Promise<string> => {
    const key = keys.get(id) ?? find().then(({ artifactKey }) => artifactKey);
    keys.set(id, key);
    return key;
  };

  async function onReference(id: string): Promise<BaseImage> {
    const artifactKey = await keyOf(id, () => referencesOf(scope).require(id));
    return { image: await artifact(artifactKey), marked: null, referenceId: id };
  }

  async function onSample(id: string): Promise<BaseImage> {
    const [sample] = await samplesOf(scope).byId([id]);
    if (sample === undefined) throw new Error(`sample ${id} does not exist any more`);
    const [image, marked] = await Promise.all([artifact(sample.imageKey), artifact(sample.maskKey)]);
    return { image, marked, referenceId: sample.referenceId };
  }

  async function area(of: Area): Promise<MaskSource> {
    if (!('maskId' in of)) return of;
    return artifact(await keyOf(of.maskId, () => masksOf(scope).require(of.maskId)));
  }

  return async (index) => {
    if (photograph == null) return null;
    const { references, baseSample, onTwin = false, region, allowedArea } = photograph;
    const reference = references[sweepRow(settings, index) % references.length];
    const base = onTwin
      ? NORMAL_TWIN
      : await (baseSample === null ? onReference(reference ?? '') : onSample(baseSample));
    return {
      referenceId: base.referenceId,
      baseSampleId: baseSample,
      request: {
        image: base.image,
        existingMask: base.marked,
        denoisingStrength: denoisingStrengthOf(photograph),
        region:
          typeof region === 'string'
            ? { kind: region, allowed: allowedArea === null ? null : await area(allowedArea) }
            : { kind: 'MASK', mask: await area(region) },
      },
    };
  };
}
