/** Runs one part of the device benchmark in a process of its own (bench/device.ts). */
import { measureSizeChanges } from './sizeChanges.ts';
import { measureThroughput } from './throughput.ts';
import { compareImages } from './images.ts';
import { measureMatmul } from './matmul.ts';
import { measureSteps } from './steps.ts';

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  images: compareImages,
  steps: measureSteps,
  sizeChanges: measureSizeChanges,
  throughput: measureThroughput,
  matmul: measureMatmul,
};

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
