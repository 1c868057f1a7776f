import { registerEnumType } from 'type-graphql';
import { WEBHOOK_EVENTS } from '../storage/jsonColumns.js';

export function namesOf<T extends string>(...names: readonly T[]): { readonly [K in T]: K } {
  return Object.fromEntries(names.map((name) => [name, name])) as { readonly [K in T]: K };
}

export const Sampler = namesOf('DDPM', 'DDIM', 'DPM_SOLVER_PP', 'TURBO');
export const Guidance = namesOf('DOUBLE_FREE', 'PRODUCT_RELATIVE');
export const MaskMode = namesOf('AVERAGE_FEATURES', 'AVERAGE_PIXELS');
export const MaskConvention = namesOf('CHANGE', 'OUTLINE');
export const AllowedAreaSource = namesOf('REQUEST', 'FOREGROUND', 'WHOLE_IMAGE');
export const Coverage = namesOf('TRAINED', 'ZERO_SHOT', 'UNSUPPORTED');
export const GenerationStatus = namesOf('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED');
export const CatalogKind = namesOf('PRODUCT', 'DEFECT');
export const RegionPlace = namesOf('SHAPE', 'CHOSEN');
export const UploadPurpose = namesOf('REFERENCE', 'MASK', 'MODEL', 'DATA_SET');
export const ModelVisibility = namesOf('PUBLIC', 'PRIVATE');
export const ReferenceState = namesOf('GOOD', 'DEFECTIVE');
export const NotHarmonizedReason = namesOf('NOT_REQUESTED', 'UNSUPPORTED_PAIR', 'NO_IMAGE_ENCODER');
export const TransplantPlace = namesOf('FITTING', 'ANYWHERE');
export const Role = namesOf('VIEWER', 'OPERATOR', 'ADMIN');
export const ExportFormat = namesOf('MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION');
export const ExportStatus = namesOf('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED');
export const CocoSegmentation = namesOf('POLYGONS', 'RLE');
export const Precision = namesOf('FP32', 'FP16', 'INT8');
export const DeviceState = namesOf('STARTING', 'READY', 'RESTARTING', 'FAILED');
export const WebhookEvent = namesOf(...WEBHOOK_EVENTS);
export const WebhookDeliveryStatus = namesOf('PENDING', 'SUCCEEDED', 'FAILED');
export type GenerationStatus = keyof typeof GenerationStatus;

export const ReviewState = namesOf('UNREVIEWED', 'ACCEPTED', 'REJECTED');
export const ThumbnailSize = namesOf('SMALL', 'MEDIUM', 'LARGE');
export const AttemptOutcome = namesOf('SUCCEEDED', 'FAILED', 'CANCELED', 'INTERRUPTED', 'WORKER_LOST');

registerEnumType(Sampler, {
  name: 'Sampler',
  description: 'The solver for the reverse diffusion.',
  valuesConfig: {
    DDPM: { description: "The paper's ancestral sampler. It needs many steps." },
    DDIM: { description: 'Deterministic, η = 0.' },
    DPM_SOLVER_PP: { description: 'DPM-Solver++(2M): good images in few steps.' },
    TURBO: {
      description:
        "The model's student, if it has one: 2 to 8 steps, of one evaluation each, guidance included. See Model.turbo.",
    },
  },
});

registerEnumType(Guidance, {
  name: 'Guidance',
  description: 'The baseline that the defect direction is measured against.',
  valuesConfig: {
    DOUBLE_FREE: {
      description: "The paper's Eq. 4: guides product and defect separately, each against the normal null product.",
    },
    PRODUCT_RELATIVE: {
      description: "Like the authors' released sampler: the defect on the product against the normal product.",
    },
  },
});

registerEnumType(MaskMode, {
  name: 'MaskMode',
  description: 'How the mask features of the late steps become one mask.',
  valuesConfig: {
    AVERAGE_FEATURES: { description: 'Averages the features, then decodes once. Fast.' },
    AVERAGE_PIXELS: { description: 'Decodes each feature, then averages the pixels, as in the paper.' },
  },
});

registerEnumType(MaskConvention, {
  name: 'MaskConvention',
  description: 'What the mask of a sample on a reference marks.',
  valuesConfig: {
    CHANGE: { description: 'The pixels that changed most.' },
    OUTLINE: {
      description:
        "The defect within its outline, like the annotators' masks that the model was trained on. More of the defect shows.",
    },
  },
});

registerEnumType(AllowedAreaSource, {
  name: 'AllowedAreaSource',
  valuesConfig: {
    REQUEST: { description: 'The allowedArea of the request.' },
    FOREGROUND: { description: 'The part, found because it stands out from the border of the photograph.' },
    WHOLE_IMAGE: { description: 'Nothing stands out, so the defect could lie anywhere.' },
  },
});

registerEnumType(Coverage, {
  name: 'Coverage',
  description: 'What a model knows about a product and a defect.',
  valuesConfig: {
    TRAINED: { description: 'Seen together in training.' },
    ZERO_SHOT: { description: 'Both seen in training, never together.' },
    UNSUPPORTED: {
      description: 'At least one was never seen in training, so the pair cannot be drawn, only transplanted.',
    },
  },
});

registerEnumType(RegionPlace, {
  name: 'RegionPlace',
  description: 'Where a defect is drawn on a photograph when the caller gives no region.',
  valuesConfig: {
    SHAPE: { description: 'In a region shaped like those of real defects. The seed places it.' },
    CHOSEN: { description: 'Where the model itself would draw it.' },
  },
});

registerEnumType(UploadPurpose, {
  name: 'UploadPurpose',
  description: 'What the uploaded file is.',
  valuesConfig: {
    REFERENCE: { description: 'A photograph of a product.' },
    MASK: { description: 'A region mask: white (255) inside, black (0) outside, and no other values.' },
    MODEL: {
      description:
        'A zip of the folder that `defectdiffu-train export` wrote, of an adapter or a bundle. It becomes a model that only the tenant sees. See docs/models.md.',
    },
    DATA_SET: {
      description:
        'A zip of photographs with masks in the layout of MVTec AD or another data set, or with the annotations of a tool. See docs/data-sets.md.',
    },
  },
});

registerEnumType(ModelVisibility, {
  name: 'ModelVisibility',
  description: 'Who can draw with a model.',
  valuesConfig: {
    PUBLIC: { description: 'Every tenant. The operator installed it.' },
    PRIVATE: { description: 'This tenant alone, which uploaded or trained it.' },
  },
});

registerEnumType(ReferenceState, {
  name: 'ReferenceState',
  description: 'What a photograph shows.',
  valuesConfig: {
    GOOD: { description: 'A part without a defect. Samples can be drawn on it.' },
    DEFECTIVE: { description: 'A defect that a mask marks. It can be transplanted onto photographs of good parts.' },
  },
});

registerEnumType(TransplantPlace, {
  name: 'TransplantPlace',
  description: 'Where on the photograph a transplanted defect is laid.',
  valuesConfig: {
    FITTING: { description: 'Where the surroundings resemble those that it was taken from: the most realistic.' },
    ANYWHERE: { description: 'At any allowed place: more varied, which can be worth more for training a detector.' },
  },
});

registerEnumType(NotHarmonizedReason, {
  name: 'NotHarmonizedReason',
  description: 'Why the model did not harmonize a transplanted defect with its surroundings.',
  valuesConfig: {
    NOT_REQUESTED: { description: 'The request has no `harmonize` above 0.' },
    UNSUPPORTED_PAIR: { description: 'The model does not know the product or the defect.' },
    NO_IMAGE_ENCODER: { description: 'The model cannot draw on images.' },
  },
});

registerEnumType(ReviewState, {
  name: 'ReviewState',
  description: 'Whether a person found a sample fit for a data set.',
});

registerEnumType(ThumbnailSize, {
  name: 'ThumbnailSize',
  description: 'The longest side of a thumbnail. Smaller images keep their size.',
  valuesConfig: {
    SMALL: { description: '128 pixels.' },
    MEDIUM: { description: '256 pixels.' },
    LARGE: { description: '512 pixels.' },
  },
});

registerEnumType(AttemptOutcome, {
  name: 'AttemptOutcome',
  valuesConfig: {
    INTERRUPTED: {
      description: 'Returned to the queue without counting: the worker was stopped, or it had no device or no space.',
    },
    WORKER_LOST: { description: 'The worker was lost, and another one claimed the generation.' },
  },
});

registerEnumType(WebhookEvent, {
  name: 'WebhookEvent',
  description:
    'The events that a webhook can receive. GENERATION_SUCCEEDED has the type `generation.succeeded`, and so on.',
});

registerEnumType(WebhookDeliveryStatus, {
  name: 'WebhookDeliveryStatus',
  valuesConfig: {
    PENDING: { description: 'Waits for its first attempt or for the next one.' },
    SUCCEEDED: { description: 'The receiver answered 2xx.' },
    FAILED: { description: 'Given up. `redeliver` sends it again.' },
  },
});

registerEnumType(Role, {
  name: 'Role',
  description: 'What a caller may do. Each role includes the ones before it.',
  valuesConfig: {
    VIEWER: { description: 'Query, subscribe, and download images and archives.' },
    OPERATOR: {
      description:
        'Request generations and exports, cancel generations, upload photographs, masks, archives, and models, delete models, create and delete data sets, and change the catalog.',
    },
    ADMIN: { description: 'Manage keys and webhooks.' },
  },
});

registerEnumType(CatalogKind, { name: 'CatalogKind' });
registerEnumType(ExportFormat, {
  name: 'ExportFormat',
  description: 'The layout of the archive. See docs/exports.md.',
  valuesConfig: {
    MVTEC_AD: { description: 'One folder per product with train/good, test/<defect>, and ground_truth/<defect>.' },
    COCO: { description: 'Instance segmentation: one annotation per connected region of a mask.' },
    YOLO_SEGMENTATION: { description: 'data.yaml, and a text file with outlines beside each image.' },
  },
});

registerEnumType(CocoSegmentation, {
  name: 'CocoSegmentation',
  description: 'How an annotation encodes its pixels. Both encodings are exact.',
  valuesConfig: {
    POLYGONS: { description: 'One outline along the pixel borders. Cuts of zero width join holes to it.' },
    RLE: { description: 'Compressed run lengths.' },
  },
});

registerEnumType(ExportStatus, { name: 'ExportStatus' });
registerEnumType(GenerationStatus, { name: 'GenerationStatus' });
registerEnumType(DeviceState, { name: 'DeviceState' });
registerEnumType(Precision, {
  name: 'Precision',
  description:
    'The arithmetic that a model runs in. The manifest of the model says what each precision costs in quality.',
});
