/** The request that the child process trains; its contract is models/training-request.schema.json. */
import { join } from 'node:path';
import type { TrainingRow } from '../../storage/tables.js';
import type { TrainingWindow } from '../../storage/trainingJsonColumns.js';
import { FORMAT_VERSION } from './trainingLine.js';

export interface TrainingSource {
  /** What the photographs are, for the licence of the model. */
  readonly dataSet: string;
  /** Prompt names. */
  readonly products: readonly string[];
}

type Requested = Pick<TrainingRow, 'kind' | 'name' | 'version' | 'minutes' | 'settings'>;

const FLIPS = { BOTH: true, LEFT_RIGHT: 'left-right', UP_DOWN: 'up-down', NONE: false } as const;

/** @param base the folder of its bundle @param folder of the training, which has the data set in `data` */
export function trainingRequest(
  { kind, name, version, minutes, settings }: Requested,
  base: string,
  { dataSet, products }: TrainingSource,
  folder: string,
  threads: number,
): object {
  const { description, license, terms, seed, rank, windows, measureDetectors = false } = settings;
  return {
    formatVersion: FORMAT_VERSION,
    kind,
    bundle: base,
    data: join(folder, 'data'),
    name,
    version,
    minutes,
    windows: Object.fromEntries(windows.map((one) => [one.product, windowRule(one)])),
    ...(rank === null ? {} : { adapter_rank: rank }),
    ...(seed === null ? {} : { seed }),
    detectors: measureDetectors,
    threads,
    provenance: {
      description,
      license,
      terms,
      dataset: dataSet,
      sources: products.map((product) => ({ product, source: dataSet, license })),
    },
  };
}

function windowRule({ window, flips, quarterTurns, zoom }: TrainingWindow): object {
  return {
    ...(window === undefined ? {} : { window }),
    ...(flips === undefined ? {} : { flips: FLIPS[flips] }),
    ...(quarterTurns === undefined ? {} : { quarter_turns: quarterTurns }),
    ...(zoom === undefined ? {} : { zoom }),
  };
}
