/** A process of the service that is started again whenever it dies, as a supervisor would. */
import { once } from 'node:events';
import type { Program } from './program.js';
import { startProgram } from './program.js';
import { TINY_MODELS } from './server.js';
import { until } from './until.js';

const AGAIN_MS = 100;

export interface Kept {
  readonly name: string;
  /** Resolves when /readyz says so; of a process that has just died, of the next. */
  ready(): Promise<void>;
  kill(): void;
  /** SIGKILL of its device worker; false when none is there now. */
  killDevice(): boolean;
  /** SIGTERM, and no more starts. Resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Of all its lives. */
  output(): string;
  readonly lives: number;
}

export function keepRunning(name: string, port: number, environment: Record<string, string>): Kept {
  let child: Program;
  let stopping = false;
  let output = '';
  let lives = 0;
  let devicePid: number | undefined;

  const start = (): void => {
    lives += 1;
    devicePid = undefined;
    child = startProgram('main.js', [], {
      MODELS_DIR: TINY_MODELS,
      MAX_ROWS: '6',
      PORT: String(port),
      ...environment,
    });
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      const readyLine = /"pid":(\d+)[^\n]*device cpu is ready/g;
      for (const [, pid] of chunk.toString().matchAll(readyLine)) devicePid = Number(pid);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => {
      if (!stopping) setTimeout(start, AGAIN_MS);
    });
  };
  start();

  return {
    name,
    async ready() {
      await until(async () => (await fetch(`http://127.0.0.1:${String(port)}/readyz`).catch(() => undefined))?.ok);
    },
    kill: () => void child.kill('SIGKILL'),
    killDevice() {
      if (devicePid === undefined) return false;
      try {
        process.kill(devicePid, 'SIGKILL');
        return true;
      } catch {
        return false;
      } finally {
        devicePid = undefined;
      }
    },
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
    output: () => output,
    get lives() {
      return lives;
    },
  };
}
