/** Stored parts of trainings as the API shows them. */
import type { TrainingPair, TrainingProgress, TrainingVerdict } from '../schema/training.js';
import type { TrainingImageGrid } from '../schema/trainingEvents.js';
import type { PairNames, TrainingEventPayload } from '../storage/trainingJsonColumns.js';
import type {
  TrainingProgress as StoredProgress,
  TrainingVerdict as StoredVerdict,
} from '../storage/trainingJsonColumns.js';
import type { Context } from './context.js';
import type { ArtifactOfKey } from './toArtifact.js';
import { toArtifact } from './toArtifact.js';

export function toProgress({ figures, ...progress }: StoredProgress): TrainingProgress {
  return { ...progress, figures: Object.entries(figures).map(([name, value]) => ({ name, value })) };
}

export function toVerdict(stored: StoredVerdict): TrainingVerdict {
  const { pairs, outOfTime, withoutNormal, detectors = [], withoutDetectors = [] } = stored;
  return {
    ...{ pairs, detectors, withoutDetectors },
    outOfTime: outOfTime.map(toPair),
    withoutNormal: withoutNormal.map(toPair),
  };
}

const toPair = ([product, defect]: PairNames): TrainingPair => ({ product, defect });

export type StoredImageGrid = Extract<TrainingEventPayload, { type: 'ImageGridReady' }>;

/** Looks the file up only if the query selects it. */
export function toImageGrid({ imageKey, step, pairs }: StoredImageGrid, context: Context): TrainingImageGrid {
  return {
    step,
    pairs: pairs.map(toPair),
    get image(): Promise<ArtifactOfKey> {
      return toArtifact(imageKey, context);
    },
  };
}
