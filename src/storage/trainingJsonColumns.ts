/** The contents of JSON columns of trainings. */

/** How windows are cut from the photographs of a product. Absent: the default of the training package. */
export interface TrainingWindow {
  readonly partNumber: string;
  /** The words that the model reads for the product. */
  readonly product: string;
  /** The side of the square, in the photograph's own pixels. */
  readonly window?: number;
  readonly flips?: 'BOTH' | 'LEFT_RIGHT' | 'UP_DOWN' | 'NONE';
  readonly quarterTurns?: boolean;
  readonly zoom?: number;
}

/** Everything that decides what is trained, as resolved when the request was accepted. */
export interface TrainingSettings {
  readonly windows: readonly TrainingWindow[];
  readonly description: string;
  /** An SPDX identifier or LicenseRef-…, of the photographs. */
  readonly license: string;
  readonly terms: string;
  /** Null: that of the base. */
  readonly seed: number | null;
  /** Null: not of an adapter. */
  readonly rank: number | null;
  /** Absent from trainings that were accepted before there were detectors. */
  readonly measureDetectors?: boolean;
}

export interface TrainingProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly figures: Readonly<Record<string, number>>;
  /** Until the minutes of the request are over. */
  readonly secondsLeft: number;
}

export type PairNames = readonly [product: string, defect: string];

/** What a segmenter that was trained on real photographs alone says of the samples. */
export interface TrainingVerdict {
  readonly pairs: readonly VerdictOfPair[];
  readonly outOfTime: readonly PairNames[];
  readonly withoutNormal: readonly PairNames[];
  /** Absent where the request wanted none. */
  readonly detectors?: readonly DetectorVerdict[];
  readonly withoutDetectors?: readonly WithoutDetectors[];
}

/** The mean IoU, 0 to 1, of small segmenters on photographs kept apart. */
export interface DetectorVerdict {
  readonly product: string;
  /** Kept apart. */
  readonly photographs: number;
  readonly without: number;
  readonly withSamples: number;
  /** With minus without, and its 95 % interval. */
  readonly gain: { readonly mean: number; readonly low: number; readonly high: number };
  readonly conclusion: 'BETTER' | 'WORSE' | 'NOT_TOLD_APART';
}

export interface WithoutDetectors {
  readonly product: string;
  readonly reason: 'OUT_OF_TIME' | 'TOO_FEW_PHOTOGRAPHS' | 'NO_MASKS' | 'NOT_INSTALLED';
}

export interface VerdictOfPair {
  readonly product: string;
  readonly defect: string;
  readonly samples: number;
  readonly twins: number;
  readonly real: number | null;
  /** Of samples of the base. Null or absent: the pair was new. */
  readonly before?: number | null;
  readonly concern: 'FEW_REAL_FOUND' | 'SHOWN_RARELY' | null;
}

export interface TrainingFailure {
  readonly code:
    | 'STORAGE_FAILED'
    | 'TOO_MANY_ATTEMPTS'
    | 'TRAINING_DATA_INVALID'
    | 'TRAINING_DIVERGED'
    | 'TRAINING_FAILED'
    | 'TRAINING_OUT_OF_TIME'
    | 'TRAINING_REFUSED';
  readonly message: string;
}

export type TrainingEventPayload =
  | { readonly type: 'TrainingQueued' }
  | { readonly type: 'TrainingStarted'; readonly attempt: number }
  | { readonly type: 'TrainingProgressed'; readonly progress: TrainingProgress }
  | { readonly type: 'TrainingNoted'; readonly isWarning: boolean; readonly message: string }
  | {
      readonly type: 'ImageGridReady';
      readonly imageKey: string;
      readonly step: number;
      readonly pairs: readonly PairNames[];
    }
  | { readonly type: 'TrainingJudged'; readonly verdict: TrainingVerdict }
  | { readonly type: 'TrainingSucceeded' }
  | { readonly type: 'TrainingFailed'; readonly failure: TrainingFailure }
  | { readonly type: 'TrainingCanceled' };
