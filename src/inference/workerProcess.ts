/** The parent's hold on one device worker: start it, speak to it, learn of its end, end it. What to do about an end is the pool's. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { WorkerMessage, WorkerCommand } from './workerProtocol.js';

/** How long a worker that was told to go may finish the step it is in before it is killed. */
const GRACE_MS = 2_000;

/** Tests run this file from source, and so must the worker: as TypeScript, with typescriptLoader.ts mapping the imports. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const WORKER_FILE = new URL(FROM_SOURCE ? './device/deviceWorker.ts' : './device/deviceWorker.js', import.meta.url);
// Never the parent's own flags (fork's default): a debugger port or a test runner's loader is not for the worker.
const NODE_FLAGS = FROM_SOURCE ? ['--import', new URL('./device/typescriptLoader.ts', import.meta.url).href] : [];

export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: WorkerCommand): void;
  /** Kills it at once; `onEnd` is called with this reason. */
  kill(reason: string): void;
  /** Ends it, at the latest after a grace period, and resolves when it is gone. `onEnd` is not called. */
  stop(): Promise<void>;
}

/** @param onEnd called once when the process ends unasked, with the reason in words. */
export function startWorkerProcess(
  onMessage: (message: WorkerMessage) => void,
  onEnd: (reason: string) => void,
): WorkerProcess {
  const child = fork(fileURLToPath(WORKER_FILE), [], {
    execArgv: NODE_FLAGS,
    // Pictures go as typed arrays, not as JSON: 3 ms for a megabyte where JSON takes 18.
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let stopping = false;
  const end = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    onEnd(reason);
  };
  child.on('message', (message) => {
    if (!stopping) onMessage(message as WorkerMessage);
  });
  child.on('error', (error) => end(`could not be started: ${error.message}`));
  child.on('exit', (code, signal) =>
    end(signal === null ? `exited with code ${String(code)}` : `was killed by ${signal}`),
  );

  return {
    pid: child.pid,
    send(message) {
      // A send that fails means that the process is ending, which 'exit' tells.
      if (child.connected) child.send(message, () => undefined);
    },
    kill(reason) {
      end(reason);
      child.kill('SIGKILL');
    },
    async stop() {
      stopping = true;
      await gone(child);
    },
  };
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exit;
  clearTimeout(timer);
}
