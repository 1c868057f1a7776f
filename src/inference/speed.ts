/**
 * How fast a device is, as its steps tell. What counts is its speed in full use: a GPU takes nearly as long for one sample as
 * for thirty, so a step of few rows says little of what it can do. Pure: no clock, no device.
 */

/** Of a new step, in the running mean. A device is slower than it can be for many reasons, and faster for none. */
const WEIGHT_OF_SLOWER = 0.1;
const WEIGHT_OF_FASTER = 0.5;
/** A step is one in full use that has this share of the rows of the fullest. */
const FULL = 0.75;

export interface Speed {
  /** One step of a bundle was made, of so many rows. */
  heard(bundle: string, rows: number, seconds: number): void;
  /** In full use, as far as it has been in use; undefined before the first step. */
  secondsPerRow(bundle: string): number | undefined;
  /** It cannot take as many rows as it did: what was heard of fuller steps is of no use. */
  forget(): void;
}

export function createSpeed(): Speed {
  const known = new Map<string, { fullest: number; secondsPerRow: number }>();
  return {
    heard(bundle, rows, seconds) {
      const [own, now] = [known.get(bundle), seconds / rows];
      if (own === undefined || rows > own.fullest / FULL) {
        known.set(bundle, { fullest: rows, secondsPerRow: now });
        return;
      }
      if (rows < own.fullest * FULL) return;
      own.fullest = Math.max(own.fullest, rows);
      own.secondsPerRow += (now - own.secondsPerRow) * (now < own.secondsPerRow ? WEIGHT_OF_FASTER : WEIGHT_OF_SLOWER);
    },
    secondsPerRow: (bundle) => known.get(bundle)?.secondsPerRow,
    forget: () => known.clear(),
  };
}
