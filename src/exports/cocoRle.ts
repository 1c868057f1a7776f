/** COCO's run-length encoding: down the columns of the whole image, starting with zeros (rleEncode and rleToString of maskApi.c). */
import type { Region } from './regions.js';

/** The numbers of pixels outside, inside, outside … the region. */
export function runLengths({ box, mask }: Region, width: number, height: number): number[] {
  const runs: number[] = [];
  let inside = false;
  let end = 0;
  const toggle = (at: number): void => {
    runs.push(at - end);
    end = at;
    inside = !inside;
  };
  for (let x = 0; x < box.width; x++) {
    for (let y = 0; y < box.height; y++) {
      if ((mask[y * box.width + x] === 1) !== inside) toggle((x + box.x) * height + y + box.y);
    }
    // Below the box is outside, unless the run continues at the top of the next column.
    const below = (x + box.x) * height + box.y + box.height;
    const continues = box.height === height && x + 1 < box.width && mask[x + 1] === 1;
    if (inside && !continues) toggle(below);
  }
  return end === width * height ? runs : [...runs, width * height - end];
}

/** Five bits per character, lowest first, starting at "0". From the fourth run on, the difference to the run two before it. */
export function encodeRle(runs: readonly number[]): string {
  let text = '';
  runs.forEach((run, i) => {
    let rest = i > 2 ? run - (runs[i - 2] ?? 0) : run;
    for (let more = true; more;) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = (bits & 0x10) !== 0 ? rest !== -1 : rest !== 0;
      text += String.fromCharCode(bits + (more ? 0x20 : 0) + 48);
    }
  });
  return text;
}
