/**
 * Which sample goes to which device: each in its turn to the one where it will be done first, behind all that the device was
 * given before. A device that has enough in hand is given no more, so a sample that would be done first there waits for it:
 * at the end of a draw nothing is begun on a slow device that a fast one would still finish sooner.
 * Pure: no clock, no device.
 */

/** A sample as placement sees it. */
export interface Placeable {
  readonly share: string;
  readonly priority: number;
}

/** A sample in a device's hands. */
export interface HeldSample<S> {
  readonly sample: S;
  /** What is done of it, 0 … 1. */
  readonly done: number;
  readonly started: boolean;
}

export interface DeviceView<S> {
  readonly held: readonly HeldSample<S>[];
  /** How long it takes for the sample, in full use. */
  seconds(sample: S): number;
  /** What part of one of its batches the sample fills. */
  batches(sample: S): number;
  /** Whether `seconds` comes of its own steps. */
  isKnown(sample: S): boolean;
  /** What it may have in hand when it is given the sample. */
  room(sample: S): Room;
}

/** In batches. */
export interface Room {
  /** Of one share and priority. */
  readonly each: number;
  readonly inAll: number;
}

/**
 * Of each share a batch that is evaluated and one that waits, so that what ends is followed at once, and so that the device sees
 * that there is enough of it for full batches; of no more shares than it could serve soon.
 */
export const ROOM: Room = { each: 2, inAll: 16 };
/** Of a device that no step was heard of: enough to show what it can do, and not more. */
export const FIRST_ROOM: Room = { each: 1, inAll: 1 };
/** Of a device that is the only one. */
export const ALL_ROOM: Room = { each: Infinity, inAll: Infinity };
/**
 * So many batches more for a share that has nothing of that priority on any device. The device decides at every step whose turn
 * it is, but only among those that it has.
 */
const ROOM_FOR_THE_ABSENT = 1;
/** So far down the queue a device may look for a sample: one that is slower than the others by more is of no use. */
const LOOKAHEAD = 256;
/** How much sooner a sample must be done elsewhere to be taken from the device that has it: what is done of it is lost. */
const WORTH_MOVING = 2;

export interface Placement<S, D> {
  readonly sample: S;
  readonly device: D;
}

/**
 * @param waiting in the order of their turns: a sample never comes behind one of lower priority.
 * @param heads the first that waits of each share and priority, in the same order.
 */
export function placements<S extends Placeable, D extends DeviceView<S>>(
  waiting: Iterable<S>,
  heads: Iterable<S>,
  devices: readonly D[],
): Placement<S, D>[] {
  const placed: Placement<S, D>[] = [];
  const books = devices.map((device) => openBook(device));
  const give = (sample: S, book: Book<S, D>): void => {
    placed.push({ sample, device: book.device });
    book.enter(sample);
  };
  const firsts = [...heads];
  /** Shares of which no device takes more. */
  const served = new Set<string>();
  let passed = 0;
  for (const sample of waiting) {
    const best = least(books, (book) => book.doneAfter(sample));
    if (best === undefined || passed > LOOKAHEAD || served.size === firsts.length) break;
    if (best.hasRoomFor(sample)) give(sample, best);
    else {
      best.expect(sample);
      passed++;
      if (!books.some((book) => book.hasRoomFor(sample))) served.add(lineOf(sample));
    }
  }
  const present = new Set([...devices.flatMap(({ held }) => held), ...placed].map(({ sample }) => lineOf(sample)));
  for (const sample of firsts) {
    if (present.has(lineOf(sample))) continue;
    const best = least(books, (book) => book.doneAfter(sample));
    if (best?.hasRoomFor(sample, ROOM_FOR_THE_ABSENT) === true) give(sample, best);
  }
  return placed;
}

/**
 * Samples that a device should take over from a slower one, now that nothing waits for it.
 * A speed that is only assumed moves nothing.
 */
export function moves<S extends Placeable, D extends DeviceView<S>>(devices: readonly D[]): Placement<S, D>[] {
  const books = new Map(devices.map((device) => [device, openBook(device)]));
  const candidates = devices.flatMap((device) =>
    device.held
      .filter(({ sample }) => device.isKnown(sample))
      .map((held) => ({ ...held, from: device, left: secondsLeft(device, held) })),
  );
  const moved: Placement<S, D>[] = [];
  for (const { sample, from, left } of candidates.sort((a, b) => b.left - a.left)) {
    const others = [...books.values()].filter(
      ({ device, batches }) => device !== from && batches() < 1 && device.isKnown(sample),
    );
    const best = least(others, (book) => book.doneAfter(sample));
    if (best === undefined || best.doneAfter(sample) * WORTH_MOVING >= left) continue;
    moved.push({ sample, device: best.device });
    best.enter(sample);
  }
  return moved;
}

function lineOf({ priority, share }: Placeable): string {
  return `${String(priority)} ${share}`;
}

/** Until a device is done with a sample that it has: those that are begun share its batches, the others come after them. */
function secondsLeft<S>(device: DeviceView<S>, { started }: HeldSample<S>): number {
  const before = started ? device.held.filter((other) => other.started) : device.held;
  return before.reduce((sum, other) => sum + device.seconds(other.sample) * (1 - other.done), 0);
}

interface Book<S, D> {
  readonly device: D;
  /** When the sample would be done, in seconds from now. What has a lower priority does not stand in its way. */
  doneAfter(sample: S): number;
  /** @param more batches than usual */
  hasRoomFor(sample: S, more?: number): boolean;
  /** That it has in hand. */
  batches(): number;
  enter(sample: S): void;
  /** It will be given the sample when it has room. */
  expect(sample: S): void;
}

function openBook<S extends Placeable, D extends DeviceView<S>>(device: D): Book<S, D> {
  const totals = new Map<number, { seconds: number; batches: number }>();
  const byLine = new Map<string, number>();
  const sumFrom = (priority: number, what: 'seconds' | 'batches'): number => {
    let sum = 0;
    for (const [own, total] of totals) if (own >= priority) sum += total[what];
    return sum;
  };
  const expect = (sample: S, left = 1): void => {
    const total = totals.get(sample.priority) ?? { seconds: 0, batches: 0 };
    total.seconds += device.seconds(sample) * left;
    totals.set(sample.priority, total);
  };
  const enter = (sample: S, left = 1): void => {
    expect(sample, left);
    const [total, batches, line] = [totals.get(sample.priority), device.batches(sample), lineOf(sample)];
    if (total !== undefined) total.batches += batches;
    byLine.set(line, (byLine.get(line) ?? 0) + batches);
  };
  for (const { sample, done } of device.held) enter(sample, 1 - done);
  return {
    device,
    doneAfter: (sample) => sumFrom(sample.priority, 'seconds') + device.seconds(sample),
    hasRoomFor(sample, more = 0) {
      const { each, inAll } = device.room(sample);
      return (byLine.get(lineOf(sample)) ?? 0) < each && sumFrom(sample.priority, 'batches') < inAll + more;
    },
    batches: () => sumFrom(-Infinity, 'batches'),
    enter,
    expect,
  };
}

function least<T>(items: readonly T[], measure: (item: T) => number): T | undefined {
  let best: T | undefined;
  let smallest = Infinity;
  for (const item of items) {
    const measured = measure(item);
    if (measured < smallest) [best, smallest] = [item, measured];
  }
  return best;
}
