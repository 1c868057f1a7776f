/**
 * The adapters and bundles that a device was told to open after its start. A replacement worker opens them when it is ready, so one that
 * cannot be opened, or that kills the worker, takes neither the device nor other samples with it. Samples of one wait until it is open.
 */
import type { Bundle } from './bundle/manifest.js';
import type { ModelMessage, WorkerCommand } from './deviceProtocol.js';
import type { DeviceLostError } from './errors.js';
import { BundleError, InferenceError } from './errors.js';

/** How many workers may die while they open one before it is given up. */
const MAX_WORKER_EXITS = 2;

export interface DeviceModels {
  /**
   * Resolves when it is open, with the bytes by which the worker's memory grew. Opening it again is no error.
   * @throws BundleError, DeviceLostError
   */
  open(bundle: Bundle): Promise<number>;
  close(id: string): void;
  /** Whether samples of it must wait. */
  isOpening(id: string): boolean;
  openingCount(): number;
  onReady(): void;
  onMessage(message: ModelMessage): void;
  onExit(reason: string): void;
  onFailed(error: DeviceLostError): void;
}

export interface DeviceModelsOptions {
  isReady(): boolean;
  send(command: WorkerCommand): void;
  /** Its samples can be sent now. */
  onOpened(id: string): void;
  /** Its samples cannot be drawn. */
  onGivenUp(id: string, error: InferenceError): void;
}

interface Entry {
  readonly bundle: Bundle;
  readonly opened: PromiseWithResolvers<number>;
  state: 'WAITING' | 'OPENING' | 'OPEN';
  /** Workers that died while they opened it. */
  exits: number;
}

export function createDeviceModels({ isReady, send, onOpened, onGivenUp }: DeviceModelsOptions): DeviceModels {
  /** In the order in which they are sent. */
  const entries = new Map<string, Entry>();

  const start = (entry: Entry): void => {
    entry.state = 'OPENING';
    send({ kind: 'openModel', bundle: entry.bundle });
  };

  const giveUp = (id: string, error: InferenceError): void => {
    entries.get(id)?.opened.reject(error);
    entries.delete(id);
    onGivenUp(id, error);
  };

  return {
    open(bundle) {
      const known = entries.get(bundle.id);
      if (known !== undefined) return known.opened.promise;
      const entry: Entry = { bundle, opened: Promise.withResolvers(), state: 'WAITING', exits: 0 };
      // A later failure is reported through the samples.
      entry.opened.promise.catch(() => undefined);
      entries.set(bundle.id, entry);
      if (isReady()) start(entry);
      return entry.opened.promise;
    },

    close(id) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entries.delete(id);
      entry.opened.reject(new InferenceError(`the model ${id} was closed before it was open`));
      send({ kind: 'closeModel', id });
    },

    isOpening: (id) => (entries.get(id)?.state ?? 'OPEN') !== 'OPEN',
    openingCount: () => [...entries.values()].filter(({ state }) => state === 'OPENING').length,

    onReady() {
      for (const entry of entries.values()) start(entry);
    },

    onMessage(message) {
      const entry = entries.get(message.id);
      if (entry === undefined) return;
      if (message.kind === 'modelFailed') {
        giveUp(message.id, new BundleError(message.id, [message.message]));
        return;
      }
      entry.state = 'OPEN';
      entry.exits = 0;
      entry.opened.resolve(message.bytes);
      onOpened(message.id);
    },

    onExit(reason) {
      // They are opened one after the other: the first one that was not open was being opened.
      const suspect = [...entries.values()].find(({ state }) => state === 'OPENING');
      for (const entry of entries.values()) entry.state = 'WAITING';
      if (suspect === undefined || ++suspect.exits < MAX_WORKER_EXITS) return;
      const times = `${String(suspect.exits)} workers died while they opened it`;
      giveUp(suspect.bundle.id, new BundleError(suspect.bundle.id, [`${times}; the last one ${reason}`]));
    },

    onFailed(error) {
      for (const { opened } of entries.values()) opened.reject(error);
      entries.clear();
    },
  };
}
