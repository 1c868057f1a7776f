/** The lines of a stream, of which none and not all together may be too long: they are written by another program. */
import { LineError } from './trainingLine.js';

export interface LineBounds {
  readonly lineBytes: number;
  readonly totalBytes: number;
}

const NEWLINE = 0x0a;

/** Throws `LineError`. */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  { lineBytes, totalBytes }: LineBounds,
): AsyncIterableIterator<string> {
  let [rest, total] = [Buffer.alloc(0), 0];
  for await (const chunk of chunks) {
    total += chunk.byteLength;
    if (total > totalBytes) throw new LineError(`more than ${String(totalBytes)} bytes were written`);
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (line.byteLength > lineBytes) throw new LineError(`a line has more than ${String(lineBytes)} bytes`);
      yield line.toString('utf8');
    }
    if (rest.byteLength > lineBytes) throw new LineError(`a line has more than ${String(lineBytes)} bytes`);
  }
}
