/**
 * The engine against PyTorch, against the machine, and against itself without each of its ideas. Everything takes turns in one
 * run, on as many threads as there are cores; each figure is a median over the rounds, with the least and the most.
 *
 *   npm run bench:engine           (ROUNDS=5, STEPS=20, COMPILED=false: torch.compile takes minutes to begin; PYTHON)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE } from './bundle.ts';
import { deviceSteps } from './engine/deviceSteps.ts';
import { images } from './engine/images.ts';
import { matmul } from './engine/matmul.ts';
import type { Reference } from './engine/reference.ts';
import { openReference } from './engine/reference.ts';
import { saveResults } from './saveResults.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const STEPS = Number(process.env['STEPS'] ?? 20);
const COMPILED = process.env['COMPILED'] === 'true';

const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-bench-'));
const threads = availableParallelism();
const reference: Reference = await openReference(BUNDLE, threads);
try {
  const product = await matmul(reference, BUNDLE, folder, ROUNDS);
  const steps = await deviceSteps(BUNDLE, ROUNDS);
  const drawn = await images(reference, { steps: STEPS, rounds: ROUNDS, compiled: COMPILED });
  saveResults(
    'engine',
    { threads, torch: reference.torch, product, steps, drawn },
    { ...drawn.said, ...steps.said, ...product.said },
  );
} finally {
  reference.close();
  rmSync(folder, { recursive: true, force: true });
}
