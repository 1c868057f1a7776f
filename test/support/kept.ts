/** A process of the service that is started again whenever it dies, as a supervisor would. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { TINY_MODELS } from './server.js';

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
  let child: ChildProcess;
  let stopping = false;
  let output = '';
  let lives = 0;
  let devicePid: number | undefined;

  const start = (): void => {
    lives += 1;
    devicePid = undefined;
    child = spawn(process.execPath, ['dist/main.js'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: tmpdir(),
        MODELS_DIR: TINY_MODELS,
        MAX_ROWS: '6',
        PORT: String(port),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      const readyLine = /"pid":(\d+)[^\n]*device cpu is ready/g;
      for (const [, pid] of chunk.toString().matchAll(readyLine)) devicePid = Number(pid);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => {
      if (!stopping) setTimeout(start, AGAIN_MS);
    });
  };
  start();

  return {
    name,
    async ready() {
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${String(port)}/readyz`).catch(() => undefined);
        if (answer?.ok === true) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
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
