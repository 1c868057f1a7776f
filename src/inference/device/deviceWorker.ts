/**
 * The device worker: a child process that owns one device's sessions and the whole denoising loop. It is a process and
 * not a thread because `session.run` blocks its thread, cannot be aborted, and takes down the process whose thread is
 * ended meanwhile; a process can be killed in milliseconds, and its crash stays its own.
 */
import { constants, setPriority } from 'node:os';
import sharp from 'sharp';

import type { Bundle, Precision } from '../bundle/manifest.js';
import type { Capacity } from '../capacity.js';
import { BundleError } from '../errors.js';
import type { WorkerMessage, OpenError, WorkerCommand } from '../workerProtocol.js';
import type { Batcher } from './batch/batcher.js';
import { createBatcher } from './batch/batcher.js';
import type { Model } from './model/model.js';
import { openCalibratedModel } from './batch/openCalibrated.js';
import type { DeviceOptions } from './model/sessions.js';
import { deviceOptions, precisionOf } from './model/sessions.js';

let batcher: Batcher | null = null;

function send(message: WorkerMessage): void {
  // The pool may be gone already; then 'disconnect' is about to end this process, and what could not be sent is of no use.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function open(opening: Extract<WorkerCommand, { kind: 'open' }>): Promise<void> {
  try {
    const options = deviceOptions(opening.device, opening.precision);
    // Where it computes on the cores that the server answers from, the server goes first. Before the sessions are opened:
    // their threads take over the priority.
    if (options.provider === 'cpu') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    const models = new Map<string, Model>();
    const capacities: Capacity[] = [];
    for (const bundle of opening.bundles) {
      const { model, capacity } = await openCalibratedModel(bundle, options, opening);
      models.set(bundle.id, model);
      capacities.push(capacity);
    }
    const budgets = new Map(capacities.map((capacity) => [capacity.bundle, capacity]));
    batcher = createBatcher({ models, budgets, send });
    send({ kind: 'ready', provider: options.provider, capacities, precisions: precisionsOf(opening.bundles, options) });
  } catch (error) {
    send({ kind: 'refused', error: openError(error) });
  }
}

function precisionsOf(bundles: readonly Bundle[], options: DeviceOptions): Record<string, Precision> {
  return Object.fromEntries(bundles.map(({ id, manifest }) => [id, precisionOf(manifest, options)]));
}

function openError(error: unknown): OpenError {
  if (error instanceof BundleError) return { at: 'bundle', file: error.file, problems: error.problems };
  return { at: 'device', message: error instanceof Error ? error.message : String(error) };
}

process.on('message', (message: WorkerCommand) => {
  switch (message.kind) {
    case 'open':
      void open(message);
      break;
    case 'draw':
      batcher?.add(message.key, message.request);
      break;
    case 'cancel':
      batcher?.cancel(message.keys);
      break;
  }
});

// The parent is gone, or wants this process gone. JavaScript runs between native runs alone, when it is safe to exit.
process.on('disconnect', () => process.exit(0));
// Ctrl-C and a service manager's stop reach the whole group; the parent decides, and first lets what runs come to its end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

// The cores are the denoiser's.
sharp.concurrency(1);
