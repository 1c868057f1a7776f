/**
 * The device worker: a child process that owns the sessions of one device and the denoising loop. It is a process and not a thread,
 * because `session.run` blocks its thread, cannot be aborted, and crashes the process if its thread is terminated meanwhile. A process
 * can be killed within milliseconds, and its crash does not affect the service.
 */
import { constants, setPriority } from 'node:os';
import sharp from 'sharp';

import type { Bundle, Precision } from '../bundle/manifest.js';
import type { Capacity } from '../capacity.js';
import { BundleError } from '../errors.js';
import type { OpenError, WorkerCommand, WorkerMessage } from '../deviceProtocol.js';
import type { DenoisingLoop } from './batch/denoisingLoop.js';
import { createDenoisingLoop } from './batch/denoisingLoop.js';
import { openCalibratedModel, openVerified } from './batch/openCalibrated.js';
import type { Model } from './model/model.js';
import type { ExecutionOptions } from './model/sessions.js';
import { precisionOf, executionOptions } from './model/sessions.js';

let denoisingLoop: DenoisingLoop | null = null;

function send(message: WorkerMessage): void {
  // If the engine is gone, 'disconnect' is about to end this process, and the message does not matter.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function open(command: Extract<WorkerCommand, { kind: 'open' }>): Promise<void> {
  try {
    const options = executionOptions(command.device, command.precision);
    // A worker that computes on the server's cores yields to the server. The priority is set before the sessions are opened, because
    // their threads inherit it.
    if (options.provider === 'cpu') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    const models = new Map<string, Model>();
    const capacities: Capacity[] = [];
    const adapters = command.bundles.filter(({ adapter }) => adapter !== undefined);
    for (const bundle of command.bundles) {
      if (adapters.includes(bundle)) continue;
      const { model, capacity } = await openCalibratedModel(bundle, options, command);
      models.set(bundle.id, model);
      capacities.push(capacity);
    }
    const budgets = new Map(capacities.map((capacity) => [capacity.bundle, capacity]));
    const openBundle = (bundle: Bundle): Promise<Model> => openVerified(bundle, options);
    denoisingLoop = createDenoisingLoop({ models, adapters, budgets, send, openBundle });
    const precisions = precisionsOf(command.bundles, options);
    send({ kind: 'ready', provider: options.provider, capacities, precisions });
  } catch (error) {
    send({ kind: 'openFailed', error: openError(error) });
  }
}

/** One after the other, so that the first that is not answered is the one that killed the worker. */
let modelsOpened: Promise<void> = Promise.resolve();

function openModel(bundle: Bundle): void {
  const { id } = bundle;
  modelsOpened = modelsOpened.then(async () => {
    try {
      const before = process.memoryUsage.rss();
      await denoisingLoop?.openModel(bundle);
      send({ kind: 'modelOpened', id, bytes: Math.max(0, process.memoryUsage.rss() - before) });
    } catch (error) {
      send({ kind: 'modelFailed', id, message: error instanceof Error ? error.message : String(error) });
    }
  });
}

/** Behind the openings: one that is closed right after it was opened is not left open. */
function closeModel(id: string): void {
  modelsOpened = modelsOpened.then(() => denoisingLoop?.closeModel(id)).catch(() => undefined);
}

function precisionsOf(bundles: readonly Bundle[], options: ExecutionOptions): Record<string, Precision> {
  return Object.fromEntries(bundles.map(({ id, manifest }) => [id, precisionOf(manifest, options)]));
}

function openError(error: unknown): OpenError {
  if (error instanceof BundleError) return { at: 'bundle', file: error.file, problems: error.problems };
  return { at: 'device', message: error instanceof Error ? error.message : String(error) };
}

process.on('message', (command: WorkerCommand) => {
  switch (command.kind) {
    case 'open':
      void open(command);
      break;
    case 'generate':
      denoisingLoop?.add(command.key, command.request);
      break;
    case 'cancel':
      denoisingLoop?.cancel(command.keys);
      break;
    case 'openModel':
      openModel(command.bundle);
      break;
    case 'closeModel':
      closeModel(command.id);
      break;
  }
});

// The parent is gone, or wants this process to end. JavaScript runs only between native runs, when it is safe to exit.
process.on('disconnect', () => process.exit(0));
// Ctrl-C and a service manager's stop reach the whole process group. The parent decides, and lets running samples finish first.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

// The cores belong to the denoiser.
sharp.concurrency(1);
