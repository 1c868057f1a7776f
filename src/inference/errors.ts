/** The errors of the engine. Each message says what to do about it. */

/** The request is invalid, or the sample could not be generated. */
export class InferenceError extends Error {
  override readonly name: string = 'InferenceError';
}

/** A file can have as many problems as it has values. */
const MAX_TOLD = 20;

/** A model bundle does not match its manifest, or the manifest is invalid. The message names the file and the place. */
export class BundleError extends InferenceError {
  override readonly name = 'BundleError';
  /** The invalid file, as an absolute path. */
  readonly file: string;
  /** All problems that were found in it; the message tells the first ones. */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    const told = problems.slice(0, MAX_TOLD).map((problem) => `\n  - ${problem}`);
    const more = problems.length - told.length;
    if (more > 0) told.push(`\n  and ${String(more)} more`);
    super(`${file}:${problems.length === 1 ? ` ${problems[0] ?? ''}` : told.join('')}`, options);
    this.file = file;
    this.problems = problems;
  }
}

/** The caller aborted its signal. */
export class CanceledError extends InferenceError {
  override readonly name = 'CanceledError';
}

/** Too many device workers died while they drew the sample, or no device is left. */
export class DeviceLostError extends InferenceError {
  override readonly name = 'DeviceLostError';
}

/** A device worker died while it had the sample. The dispatcher catches this error and assigns the sample again. */
export class WorkerExitedError extends InferenceError {
  override readonly name = 'WorkerExitedError';
  /** Whether the sample may have caused the exit: it was being drawn, or the worker did not tell what it was drawing. */
  readonly blamed: boolean;

  constructor(message: string, blamed: boolean) {
    super(message);
    this.blamed = blamed;
  }
}
