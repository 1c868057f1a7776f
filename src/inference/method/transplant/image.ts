/** Images that are turned and mirrored without a copy, and read between their pixels. */

export interface Rgb {
  readonly width: number;
  readonly height: number;
  /** [H·W·3] */
  readonly rgb: Uint8Array;
}

/** A plane of an image, as `offset + row · rowStep + column · columnStep` finds its values. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
  readonly offset: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** @param channels interleaved values per pixel */
export function viewOf(values: Uint8Array, width: number, height: number, channels: number, channel = 0): View {
  return { width, height, values, offset: channel, rowStep: width * channels, columnStep: channels };
}

/** Turned by 90° counterclockwise so many times. */
export function quarterTurned(view: View, times: number): View {
  if (times === 0) return view;
  const { width, height, values, offset, rowStep, columnStep } = view;
  const turned = { width: height, height: width, values, rowStep: -columnStep, columnStep: rowStep };
  return quarterTurned({ ...turned, offset: offset + (width - 1) * columnStep }, times - 1);
}

/** Left and right exchanged. */
export function mirrored(view: View): View {
  const { width, offset, columnStep } = view;
  return { ...view, offset: offset + (width - 1) * columnStep, columnStep: -columnStep };
}

/** Rows and columns exchanged. */
export function transposed(view: View): View {
  const { width, height, rowStep, columnStep } = view;
  return { ...view, width: height, height: width, rowStep: columnStep, columnStep: rowStep };
}

/** The value at a point, bilinearly. Beyond the border, the mirror image continues. */
export function valueAt(view: View, row: number, column: number): number {
  const { width, height, values, offset, rowStep, columnStep } = view;
  const [y, x] = [reflect(row, height), reflect(column, width)];
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, across] = [y - top, x - left];
  const upper = offset + top * rowStep;
  const lower = offset + Math.min(top + 1, height - 1) * rowStep;
  const [first, second] = [left * columnStep, Math.min(left + 1, width - 1) * columnStep];
  return (
    (1 - down) * ((1 - across) * (values[upper + first] ?? 0) + across * (values[upper + second] ?? 0)) +
    down * ((1 - across) * (values[lower + first] ?? 0) + across * (values[lower + second] ?? 0))
  );
}

/** Reflects a coordinate about the centers of the first and the last pixel. */
function reflect(at: number, length: number): number {
  if (at >= 0 && at <= length - 1) return at;
  if (length === 1) return 0;
  const period = 2 * length - 2;
  const phase = Math.abs(at) % period;
  return phase > length - 1 ? period - phase : phase;
}
