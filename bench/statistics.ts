/** Statistics over repeated measurements. */

/** The value that a share of the values is not above. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** The ratios of measurements that were made in turn, so that other load on the machine affects both. */
export function ratios(ones: readonly number[], others: readonly number[]): Spread {
  return spread(ones.map((one, i) => one / (others[i] ?? NaN)));
}

export interface Slope {
  readonly slope: number;
  /** The slope's 95 % interval is `slope ± within`, for errors that are independent. */
  readonly within: number;
}

/** Least squares. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const [centreX, centreY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spreadX = points.reduce((sum, [x]) => sum + (x - centreX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - centreX) * (y - centreY), 0) / spreadX;
  const residual = points.reduce((sum, [x, y]) => sum + (y - centreY - slope * (x - centreX)) ** 2, 0);
  const deviation = Math.sqrt(residual / (points.length - 2) / spreadX);
  return { slope, within: 1.96 * deviation };
}

export const formatSpread = ({ median: middle, least, most }: Spread, digits = 1): string =>
  `${middle.toFixed(digits)} (${least.toFixed(digits)} … ${most.toFixed(digits)})`;
