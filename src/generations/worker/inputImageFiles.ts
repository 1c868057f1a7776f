/** Finds the files of the images that a generation draws on, for the engine. */
import type { ArtifactStore } from '../../artifacts/store.js';
import type { MaskSource, InpaintingRequest, ImageSource, TransplantRequest } from '../../inference/index.js';
import { masksOf } from '../../references/masks.js';
import { referencesOf } from '../../references/references.js';
import type { Area, GenerationSettings, PhotographSettings, TransplantSettings } from '../../storage/jsonColumns.js';
import { denoisingStrengthOf } from '../../storage/jsonColumns.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { samplesOf } from '../samples/sampleRepository.js';
import { donorIndex, sweepRow } from '../samples/sampleDraw.js';

/** The images of a sample, for inpainting or for a transplant. */
export interface SampleInput {
  readonly inpainting: InpaintingRequest | null;
  readonly transplant: TransplantRequest | null;
  readonly referenceId: string | null;
  readonly baseSampleId: string | null;
  /** The photograph that the defect is transplanted from. */
  readonly defectReferenceId: string | null;
  /** Or the sample. */
  readonly donorSampleId: string | null;
}

/** The image that a sample is drawn on. */
interface BaseImage {
  readonly image: ImageSource;
  readonly marked: ImageSource | null;
  readonly referenceId: string | null;
}

interface DonorFiles extends Pick<SampleInput, 'defectReferenceId' | 'donorSampleId'> {
  readonly donor: ImageSource;
  /** Null for a patch. */
  readonly donorMask: ImageSource | null;
}

/** Returns the input images of a sample; null for samples from noise. */
export type GetInputImages = (index: number) => Promise<SampleInput | null>;

export function createInputImages(
  scope: TenantScope,
  store: ArtifactStore,
  settings: GenerationSettings,
): GetInputImages {
  const { photograph } = settings;
  const artifact = (key: string): Promise<string> => store.local(scope.tenantId, key);

  /** One look-up per id for all samples, because the result does not change. */
  const references = cached((id) => referencesOf(scope).require(id));
  const masks = cached((id) => masksOf(scope).require(id));

  async function onReference(id: string): Promise<BaseImage> {
    const { artifactKey } = await references(id);
    return { image: await artifact(artifactKey), marked: null, referenceId: id };
  }

  async function onSample(id: string): Promise<BaseImage> {
    const [sample] = await samplesOf(scope).byId([id]);
    if (sample === undefined) throw new Error(`sample ${id} does not exist any more`);
    const [image, marked] = await Promise.all([artifact(sample.imageKey), artifact(sample.maskKey)]);
    return { image, marked, referenceId: sample.referenceId };
  }

  /** Undefined for the sample's own normal twin, which the engine draws first. */
  async function baseOf(index: number, photographs: PhotographSettings): Promise<BaseImage | undefined> {
    if (photographs.onTwin === true) return undefined;
    if (photographs.baseSample !== null) return onSample(photographs.baseSample);
    return onReference(photographs.references[sweepRow(settings, index) % photographs.references.length] ?? '');
  }

  const maskFile = async (id: string): Promise<string> => artifact((await masks(id)).artifactKey);

  async function area(of: Area): Promise<MaskSource> {
    return 'maskId' in of ? maskFile(of.maskId) : of;
  }

  async function inpaintingOn(
    base: BaseImage | undefined,
    photographs: PhotographSettings,
  ): Promise<InpaintingRequest> {
    const { region, allowedArea, placement, maskConvention } = photographs;
    return {
      image: base?.image ?? null,
      existingMask: base?.marked ?? null,
      denoisingStrength: denoisingStrengthOf(photographs),
      maskConvention,
      region:
        typeof region === 'string'
          ? { kind: region, allowed: allowedArea === null ? null : await area(allowedArea), placement }
          : { kind: 'MASK', mask: await area(region) },
    };
  }

  async function donorFiles(
    photographs: PhotographSettings,
    { donors, donorSample, cutPaste }: TransplantSettings,
    index: number,
  ): Promise<DonorFiles> {
    if (donorSample !== undefined) {
      const { image, marked } = await onSample(donorSample);
      return { donor: image, donorMask: marked ?? '', defectReferenceId: null, donorSampleId: donorSample };
    }
    const id = donors[donorIndex(photographs, sweepRow(settings, index))] ?? '';
    const { artifactKey, maskId } = await references(id);
    const donorMask = cutPaste === undefined ? await maskFile(maskId ?? '') : null;
    const donor = await artifact(artifactKey);
    return { donor, donorMask, defectReferenceId: id, donorSampleId: null };
  }

  async function transplantOnto(
    { image, marked }: BaseImage,
    { donor, donorMask }: DonorFiles,
    photographs: PhotographSettings,
    { variation, anywhere, ofOtherProducts, cutPaste }: TransplantSettings,
  ): Promise<TransplantRequest> {
    return {
      image,
      existingMask: marked,
      donor,
      donorMask,
      patchWindow: cutPaste?.window ?? null,
      allowed: photographs.allowedArea === null ? null : await area(photographs.allowedArea),
      variation,
      anywhere,
      resizeDonor: ofOtherProducts,
      denoisingStrength: denoisingStrengthOf(photographs),
    };
  }

  return async (index) => {
    if (photograph == null) return null;
    const base = await baseOf(index, photograph);
    const ids = { referenceId: base?.referenceId ?? null, baseSampleId: photograph.baseSample };
    const { transplant } = photograph;
    if (transplant == null || base === undefined)
      return {
        ...ids,
        inpainting: await inpaintingOn(base, photograph),
        transplant: null,
        defectReferenceId: null,
        donorSampleId: null,
      };
    const files = await donorFiles(photograph, transplant, index);
    return {
      ...ids,
      inpainting: null,
      transplant: await transplantOnto(base, files, photograph, transplant),
      defectReferenceId: files.defectReferenceId,
      donorSampleId: files.donorSampleId,
    };
  };
}

function cached<T>(find: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const found = new Map<string, Promise<T>>();
  return (id) => {
    const row = found.get(id) ?? find(id);
    found.set(id, row);
    return row;
  };
}
