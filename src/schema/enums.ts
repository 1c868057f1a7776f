import { registerEnumType } from 'type-graphql';
import { WEBHOOK_EVENTS } from '../storage/jsonColumns.js';

function namesOf<T extends string>(...names: readonly T[]): { readonly [K in T]: K } {
  return Object.fromEntries(names.map((name) => [name, name])) as { readonly [K in T]: K };
}

export const Sampler = namesOf('DDPM', 'DDIM', 'DPM_SOLVER_PP');
export const Guidance = namesOf('DOUBLE_FREE', 'PRODUCT_RELATIVE');
export const MaskMode = namesOf('AVERAGE_FEATURES', 'AVERAGE_PIXELS');
export const Coverage = namesOf('TRAINED', 'ZERO_SHOT', 'UNSUPPORTED');
export const GenerationStatus = namesOf('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED');
export const CatalogKind = namesOf('PRODUCT', 'DEFECT');
export const RegionPlace = namesOf('SHAPE', 'CHOSEN');
export const UploadPurpose = namesOf('REFERENCE', 'MASK');
export const Role = namesOf('VIEWER', 'OPERATOR', 'ADMIN');
export const ExportFormat = namesOf('MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION');
export const ExportStatus = namesOf('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED');
export const CocoSegmentation = namesOf('POLYGONS', 'RLE');
export const Precision = namesOf('FP32', 'FP16', 'INT8');
export const DeviceState = namesOf('STARTING', 'READY', 'RESTARTING', 'FAILED');
export const WebhookEvent = namesOf(...WEBHOOK_EVENTS);
export const WebhookDeliveryStatus = namesOf('PENDING', 'SUCCEEDED', 'FAILED');
export type GenerationStatus = keyof typeof GenerationStatus;

export const AttemptOutcome = namesOf('SUCCEEDED', 'FAILED', 'CANCELED', 'INTERRUPTED', 'WORKER_LOST');

registerEnumType(Sampler, {
  name: 'Sampler',
  description: 'How the reverse diffusion is solved.',
  valuesConfig: {
    DDPM: { description: "The paper's ancestral sampler; wants many steps." },
    DDIM: { description: 'Deterministic, η = 0.' },
    DPM_SOLVER_PP: { description: 'DPM-Solver++(2M): good pictures in few steps.' },
  },
});

registerEnumType(Guidance, {
  name: 'Guidance',
  description: 'What the direction of the defect is measured against.',
  valuesConfig: {
    DOUBLE_FREE: {
      description: "The paper's Eq. 4: product and defect are guided apart, each against the normal industry.",
    },
    PRODUCT_RELATIVE: {
      description: "As the authors' released sampler: the defect on the product against the normal product.",
    },
  },
});

registerEnumType(MaskMode, {
  name: 'MaskMode',
  description: 'How the late mask features become one mask.',
  valuesConfig: {
    AVERAGE_FEATURES: { description: 'Average, then decode once. Fast.' },
    AVERAGE_PIXELS: { description: 'Decode each, then average: as in the paper.' },
  },
});

registerEnumType(Coverage, {
  name: 'Coverage',
  description: 'What a model knows of a product and a defect.',
  valuesConfig: {
    TRAINED: { description: 'Seen together in training.' },
    ZERO_SHOT: { description: 'Both seen, never together.' },
    UNSUPPORTED: { description: 'At least one was never seen: it cannot be drawn.' },
  },
});

registerEnumType(RegionPlace, {
  name: 'RegionPlace',
  description: 'Where on a photograph a defect is drawn, when the caller does not say it.',
  valuesConfig: {
    SHAPE: { description: 'In a region of the kind that real defects have, placed by the seed.' },
    CHOSEN: { description: 'Where the model itself would draw it.' },
  },
});

registerEnumType(UploadPurpose, {
  name: 'UploadPurpose',
  description: 'What the file is.',
  valuesConfig: {
    REFERENCE: { description: 'A photograph of a product.' },
    MASK: { description: 'A region: white (255) inside, black (0) outside, nothing between.' },
  },
});

registerEnumType(AttemptOutcome, {
  name: 'AttemptOutcome',
  valuesConfig: {
    INTERRUPTED: { description: 'Given back unharmed: the worker was stopped, or had no device or no room.' },
    WORKER_LOST: { description: 'The worker was gone; another has taken it up.' },
  },
});

registerEnumType(WebhookEvent, {
  name: 'WebhookEvent',
  description: 'What a webhook is told of; GENERATION_SUCCEEDED has the type `generation.succeeded`, and so on.',
});

registerEnumType(WebhookDeliveryStatus, {
  name: 'WebhookDeliveryStatus',
  valuesConfig: {
    PENDING: { description: 'Waits for its first attempt, or for the next.' },
    SUCCEEDED: { description: 'The receiver answered 2xx.' },
    FAILED: { description: 'Given up; redeliver sends it again.' },
  },
});

registerEnumType(Role, {
  name: 'Role',
  description: 'What a caller may do. Each may do what those before it may.',
  valuesConfig: {
    VIEWER: { description: 'Query and follow, and fetch pictures and archives.' },
    OPERATOR: {
      description:
        'Ask for generations and exports, cancel generations, send photographs and masks, change the catalog.',
    },
    ADMIN: { description: 'Manage keys and webhooks.' },
  },
});

registerEnumType(CatalogKind, { name: 'CatalogKind' });
registerEnumType(ExportFormat, {
  name: 'ExportFormat',
  description: 'How the archive is laid out; see docs/exports.md.',
  valuesConfig: {
    MVTEC_AD: { description: 'A folder per product with train/good, test/<defect> and ground_truth/<defect>.' },
    COCO: { description: 'Instance segmentation: an annotation per connected region of a mask.' },
    YOLO_SEGMENTATION: { description: 'data.yaml, and a text file of outlines beside each image.' },
  },
});

registerEnumType(CocoSegmentation, {
  name: 'CocoSegmentation',
  description: 'How an annotation tells its pixels. Both are exact.',
  valuesConfig: {
    POLYGONS: { description: 'One outline along the pixel borders; holes are joined to it by cuts of no width.' },
    RLE: { description: 'Compressed run lengths.' },
  },
});

registerEnumType(ExportStatus, { name: 'ExportStatus' });
registerEnumType(GenerationStatus, { name: 'GenerationStatus' });
registerEnumType(DeviceState, { name: 'DeviceState' });
registerEnumType(Precision, {
  name: 'Precision',
  description:
    'Of the arithmetic that a model is run in. What each costs in quality stands in the manifest of the model.',
});
