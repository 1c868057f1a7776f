/** What is wrong with an archive: everything at once, so that it is mended in one go. */
import { ServiceError } from '../../errors.js';

/** Problems in an error, and in its message. The others are counted. */
const LISTED = 50;
const IN_MESSAGE = 5;

export class Problems {
  readonly #listed: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(problem: string): void {
    this.#count++;
    if (this.#listed.length < LISTED) this.#listed.push(problem);
  }

  /** Throws `ServiceError` DATA_SET_ARCHIVE_INVALID if there is any. */
  throwIfAny(): void {
    if (this.#count === 0) return;
    const more = this.#count - IN_MESSAGE;
    const shown = this.#listed.slice(0, IN_MESSAGE).join('; ') + (more > 0 ? `; and ${String(more)} more` : '');
    throw new ServiceError('DATA_SET_ARCHIVE_INVALID', `body: ${shown}`, {
      field: 'body',
      problems: this.#listed,
      problemCount: this.#count,
    });
  }
}

/** For what keeps an archive from being read on. */
export function invalidArchive(problem: string): ServiceError {
  return new ServiceError('DATA_SET_ARCHIVE_INVALID', `body: ${problem}`, {
    field: 'body',
    problems: [problem],
    problemCount: 1,
  });
}
