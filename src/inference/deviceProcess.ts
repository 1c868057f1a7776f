/** The process of a device worker: starts it, exchanges messages with it, reports its exit, and ends it. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { WorkerCommand, WorkerMessage } from './deviceProtocol.js';

/** How long a worker that was told to stop may finish its current step before it is killed. */
const STOP_GRACE_MS = 2_000;

/** Tests run this file from source. Then the worker runs from source as well; typescriptLoader.ts maps its imports. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const WORKER_FILE = new URL(FROM_SOURCE ? './device/deviceWorker.ts' : './device/deviceWorker.js', import.meta.url);
// Not the parent's own flags, which are fork's default: a debugger port or a test runner's loader is not for the worker.
const NODE_FLAGS = FROM_SOURCE ? ['--import', new URL('./device/typescriptLoader.ts', import.meta.url).href] : [];

export interface DeviceProcess {
  readonly pid: number | undefined;
  send(command: WorkerCommand): void;
  /** Kills the process at once. `onExit` is called with this reason. */
  kill(reason: string): void;
  /** Ends the process, after a grace period at the latest. Resolves when it is gone. `onExit` is not called. */
  stop(): Promise<void>;
}

/** @param onExit called once with the reason in words if the process ends without being asked to. */
export function startDeviceProcess(
  onMessage: (message: WorkerMessage) => void,
  onExit: (reason: string) => void,
): DeviceProcess {
  const child = fork(fileURLToPath(WORKER_FILE), [], {
    execArgv: NODE_FLAGS,
    // Typed arrays are sent as such and not as JSON: 3 ms per megabyte instead of 18.
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    onExit(reason);
  };
  child.on('message', (message) => {
    if (!ended) onMessage(message as WorkerMessage);
  });
  child.on('error', (error) => end(`could not be started: ${error.message}`));
  child.on('exit', (code, signal) =>
    end(signal === null ? `exited with code ${String(code)}` : `was killed by ${signal}`),
  );

  return {
    pid: child.pid,
    send(command) {
      // A failed send means that the process is ending, which 'exit' reports.
      if (child.connected) child.send(command, () => undefined);
    },
    kill(reason) {
      end(reason);
      child.kill('SIGKILL');
    },
    async stop() {
      ended = true;
      await stopProcess(child);
    },
  };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await exit;
  clearTimeout(timer);
}
