/**
 * The samples of one share at one priority, in the order in which they are to be drawn: those that have begun, the oldest
 * first, so that they come to their end; then those that wait, first come first.
 *
 * Finding the next takes as long with one waiting as with a hundred thousand: those that wait lie in one line for each bundle
 * and number of rows, so a sample that does not fit need not be stepped over to find one that does.
 */

/** What the schedule knows of a sample. */
export interface Candidate {
  readonly key: number;
  readonly bundle: string;
  readonly fairnessKey: string;
  /** The higher goes first. */
  readonly priority: number;
  /** That it puts into its next evaluation. */
  readonly rows: number;
  /** Of memory, from its first step until it is done. */
  readonly bytes: number;
}

export interface Entry<T extends Candidate> {
  readonly sample: T;
  /** Of arrival. */
  readonly order: number;
  /** `AWAY`: has begun, and takes no steps for now. */
  state: 'WAITING' | 'BEGUN' | 'AWAY' | 'GONE';
  /** The last step that it took part in. */
  step: number;
  /** What it is counted with among those that have begun. */
  held: number;
}

/** Samples of one bundle and number of rows; those that left in the middle are stepped over when their turn comes. */
interface Line<T extends Candidate> {
  readonly bundle: string;
  readonly rows: number;
  entries: Entry<T>[];
  head: number;
}

export interface ShareQueue<T extends Candidate> {
  readonly lines: Map<string, Line<T>>;
  readonly begun: Entry<T>[];
  /** How many can take steps. */
  size: number;
  /** Rows that were evaluated for it, as virtual time. */
  served: number;
}

export function createShareQueue<T extends Candidate>(served: number): ShareQueue<T> {
  return { lines: new Map(), begun: [], size: 0, served };
}

export function enqueue<T extends Candidate>(queue: ShareQueue<T>, entry: Entry<T>): void {
  queue.size++;
  if (entry.state === 'BEGUN') return insertByAge(queue.begun, entry);
  const { bundle, rows } = entry.sample;
  const name = `${String(rows)} ${bundle}`;
  const line = queue.lines.get(name) ?? { bundle, rows, entries: [], head: 0 };
  line.entries.push(entry);
  queue.lines.set(name, line);
}

/** It has begun: those that wait are behind it from now on. */
export function begin<T extends Candidate>(queue: ShareQueue<T>, entry: Entry<T>): void {
  entry.state = 'BEGUN';
  insertByAge(queue.begun, entry);
}

/** It takes no more steps here. */
export function dequeue<T extends Candidate>(queue: ShareQueue<T>, entry: Entry<T>, to: 'AWAY' | 'GONE'): void {
  queue.size--;
  if (entry.state === 'BEGUN') queue.begun.splice(queue.begun.indexOf(entry), 1);
  entry.state = to;
}

/** The first that has not taken part in `step` yet and fits. @param bundle the only one, unless it is undefined. */
export function firstFitting<T extends Candidate>(
  queue: ShareQueue<T>,
  step: number,
  rows: number,
  bundle: string | undefined,
): Entry<T> | undefined {
  const begun = queue.begun.find(
    (entry) =>
      entry.step !== step && entry.sample.rows <= rows && (bundle ?? entry.sample.bundle) === entry.sample.bundle,
  );
  if (begun !== undefined) return begun;
  let first: Entry<T> | undefined;
  for (const [name, line] of queue.lines) {
    if (line.rows > rows || (bundle ?? line.bundle) !== line.bundle) continue;
    const head = headOf(line);
    if (head === undefined) queue.lines.delete(name);
    else if (first === undefined || head.order < first.order) first = head;
  }
  return first;
}

function headOf<T extends Candidate>(line: Line<T>): Entry<T> | undefined {
  while (line.head < line.entries.length && line.entries[line.head]?.state !== 'WAITING') line.head++;
  // Those that have been passed are let go of in one go, so that each is moved once or twice in all.
  if (line.head > line.entries.length / 2) {
    line.entries = line.entries.slice(line.head);
    line.head = 0;
  }
  return line.entries[line.head];
}

function insertByAge<T extends Candidate>(begun: Entry<T>[], entry: Entry<T>): void {
  const younger = begun.findIndex(({ order }) => order > entry.order);
  begun.splice(younger < 0 ? begun.length : younger, 0, entry);
}
