/** The inputs and outputs of each component: the names, element types, and shapes that the engine relies on. */
import type { ComponentName, Manifest } from './manifest.js';

export type ElementType = 'float32' | 'int64';

export interface ComponentContract {
  readonly inputs: Readonly<Record<string, ElementType>>;
  readonly outputs: Readonly<Record<string, ElementType>>;
}

const TEXTS = { background_text: 'float32', defect_text: 'float32', fusion_text: 'float32' } as const;
const MODULATIONS = {
  background_modulation: 'float32',
  defect_modulation: 'float32',
  fusion_modulation: 'float32',
} as const;

/** The denoiser takes modulations if the bundle has the graph that computes them, and text embeddings otherwise. */
export function componentContracts({
  schedule,
  components,
}: Pick<Manifest, 'schedule' | 'components'>): Readonly<Record<ComponentName, ComponentContract>> {
  const modulated = components.modulation !== undefined;
  const conditions = modulated ? MODULATIONS : TEXTS;
  return {
    text_encoder: { inputs: { input_ids: 'int64' }, outputs: { text_embedding: 'float32' } },
    modulation: { inputs: { timestep: 'int64', text: 'float32' }, outputs: MODULATIONS },
    turbo_modulation: {
      inputs: { timestep: 'int64', next_timestep: 'int64', text: 'float32', guidance: 'float32' },
      outputs: MODULATIONS,
    },
    denoiser: {
      inputs: {
        latent: 'float32',
        timestep: 'int64',
        background_sample: 'int64',
        row_background: 'int64',
        ...conditions,
        ...(modulated ? { mask_rows: 'int64' as const } : {}),
      },
      outputs: {
        noise: 'float32',
        mask_feature: 'float32',
        ...(schedule.varianceType === 'learned_range' ? { variance: 'float32' as const } : {}),
      },
    },
    image_decoder: { inputs: { latent: 'float32' }, outputs: { image: 'float32' } },
    image_encoder: { inputs: { image: 'float32' }, outputs: { latent: 'float32' } },
    mask_decoder: { inputs: { latent: 'float32' }, outputs: { soft_mask: 'float32' } },
  };
}

/** The shape of each tensor by the manifest, without the batch axis, which comes first. The graphs define the widths of embeddings. */
export function tensorShapes({ latent, image, tokenizer }: Manifest): Readonly<Record<string, readonly number[]>> {
  const latentShape = [latent.channels, latent.height, latent.width];
  return {
    latent: latentShape,
    noise: latentShape,
    mask_feature: latentShape,
    variance: latentShape,
    image: [image.channels, image.height, image.width],
    soft_mask: [1, image.height, image.width],
    input_ids: [tokenizer.contextLength],
  };
}
