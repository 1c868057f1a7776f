/** One part of the device's bench, in a process of its own (bench/device.ts). */
import { changes } from './changes.ts';
import { drawing } from './drawing.ts';
import { pictures } from './pictures.ts';
import { product } from './product.ts';
import { steps } from './steps.ts';

const PARTS: Readonly<Record<string, () => Promise<void>>> = { pictures, steps, changes, drawing, product };

try {
  const part = PARTS[process.env['PART'] ?? ''];
  if (part === undefined) throw new Error(`PART must be one of ${Object.keys(PARTS).join(', ')}`);
  await part();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// A driver's threads may keep a process that is done.
process.disconnect?.();
