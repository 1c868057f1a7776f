/** Records what a training process says: as events, and in the row of the training. */
import type { ArtifactStore } from '../../artifacts/store.js';
import { insertArtifacts } from '../../artifacts/writeArtifacts.js';
import { insertXmp } from '../../marking/pngXmp.js';
import type { Generator } from '../../marking/provenance.js';
import { xmpPacket } from '../../marking/xmp.js';
import type { TrainingRow } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { TrainingFailure, TrainingProgress } from '../../storage/trainingJsonColumns.js';
import { updateTraining } from '../claimTraining.js';
import { storeImageGrid, storeModelArchive } from './storeResults.js';
import type { TrainingLine } from './trainingLine.js';
import { FORMAT_VERSION, LineError } from './trainingLine.js';

/** Progress is recorded so often over the minutes of a training, and no more often than this. */
const PROGRESS_EVENTS = 500;
const PROGRESS_MS = 1_000;

const FAILURES: Readonly<Record<ErrorLine['code'], Pick<TrainingFailure, 'code'>>> = {
  REQUEST_INVALID: { code: 'TRAINING_REFUSED' },
  DATA_INVALID: { code: 'TRAINING_DATA_INVALID' },
  OUT_OF_TIME: { code: 'TRAINING_OUT_OF_TIME' },
  LOSS_NOT_FINITE: { code: 'TRAINING_DIVERGED' },
};

type ErrorLine = Extract<TrainingLine, { type: 'error' }>;

export interface Reporter {
  readonly scope: TenantScope;
  readonly store: ArtifactStore;
  readonly owner: string;
  readonly row: TrainingRow;
  /** Of the training; whatever it names lies in it. */
  readonly folder: string;
  /** Of a bundle that it makes. */
  readonly maximumModelBytes: number;
  /** The program that image grids are marked with. Undefined: they are not marked. */
  readonly generator: Generator | undefined;
}

/** Throws `ClaimLostError`, `StoreUnavailable`, `LineError`, `TooManyEvents`. */
export function createReporter(reporter: Reporter): (line: TrainingLine) => Promise<void> {
  const { scope, store, owner, row, folder, maximumModelBytes, generator } = reporter;
  const interval = Math.max(PROGRESS_MS, (row.minutes * 60_000) / PROGRESS_EVENTS);
  let recordedAt = -Infinity;
  // A grid has windows of photographs beside samples of the model.
  const provenance = { sampleId: row.id, sourceType: 'compositeWithTrainedAlgorithmicMedia', model: `${row.name}@${row.version}` } as const; // prettier-ignore
  const mark = (png: Uint8Array): Uint8Array =>
    generator === undefined ? png : insertXmp(png, xmpPacket(generator, provenance));
  const update = (...change: Change): Promise<void> => updateTraining(scope, owner, row.id, ...change);

  async function progressed(progress: TrainingProgress): Promise<void> {
    const now = performance.now();
    if (now - recordedAt < interval) return;
    recordedAt = now;
    await update({ progress }, { type: 'TrainingProgressed', progress });
  }

  return async (line) => {
    switch (line.type) {
      case 'begin':
        if (line.formatVersion !== FORMAT_VERSION)
          throw new LineError(`the training package writes format ${String(line.formatVersion)}, this trainer reads 1`);
        return;
      case 'phase': {
        const { phase, done, total, figures, secondsLeft } = line;
        return progressed({ phase, done, total, figures, secondsLeft });
      }
      case 'warning':
      case 'note':
        return update({}, { type: 'TrainingNoted', isWarning: line.type === 'warning', message: line.message });
      case 'imageGrid':
        return storeImageGrid(scope, store, folder, line.path, mark, (file) =>
          update({}, { type: 'ImageGridReady', imageKey: file.key, step: line.step, pairs: line.pairs }, (tx) =>
            insertArtifacts(tx, [file]),
          ),
        );
      case 'verdict': {
        const { pairs, outOfTime, withoutNormal, detectors, withoutDetectors } = line;
        const compared = { ...(detectors && { detectors }), ...(withoutDetectors && { withoutDetectors }) };
        const verdict = { pairs, outOfTime, withoutNormal, ...compared };
        return update({ verdict }, { type: 'TrainingJudged', verdict });
      }
      case 'model':
        return storeModelArchive(
          { scope, store, folder, maximumModelBytes },
          line.folder,
          (archiveKey, archiveBytes, clear) =>
            update(
              { status: 'SUCCEEDED', failure: null, archiveKey, archiveBytes, finishedAt: new Date() },
              { type: 'TrainingSucceeded' },
              clear,
            ),
        );
      case 'error': {
        const failure = { ...FAILURES[line.code], message: line.message };
        return update({ status: 'FAILED', failure, finishedAt: new Date() }, { type: 'TrainingFailed', failure });
      }
    }
  };
}

type Change = Parameters<typeof updateTraining> extends [TenantScope, string, string, ...infer Rest] ? Rest : never;
