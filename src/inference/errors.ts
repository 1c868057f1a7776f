/** Every error that leaves this room is one of these; each message says what to do about it. */

/** The request cannot be drawn, or drawing it went wrong. */
export class InferenceError extends Error {
  override readonly name: string = 'InferenceError';
}

/** A model bundle is not what its manifest says, or its manifest is wrong. The message names the file and the place. */
export class BundleError extends InferenceError {
  override readonly name = 'BundleError';
  /** The file at fault, absolute. */
  readonly file: string;
  /** Everything found wrong with it: the first problem is in the message, and all of them when there are several. */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    const list =
      problems.length === 1 ? ` ${problems[0] ?? ''}` : problems.map((problem) => `\n  - ${problem}`).join('');
    super(`${file}:${list}`, options);
    this.file = file;
    this.problems = problems;
  }
}

/** The caller's signal was aborted. */
export class CanceledError extends InferenceError {
  override readonly name = 'CanceledError';
}

/** The device worker died more often than a sample may be started again, or there is none left. */
export class DeviceLostError extends InferenceError {
  override readonly name = 'DeviceLostError';
}
