/**
 * The child process that trains. It leads a group of its own, so that it ends with all that it started. Its standard input
 * stays open: when this process is gone, it is closed, and the child ends by itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import type { Log } from '../../log.js';
import { readLines } from './readLines.js';
import type { TrainingLine } from './trainingLine.js';

const BOUNDS = { lineBytes: 256 * 1024, totalBytes: 64 * 2 ** 20 } as const;
/** It writes a line a second while it works. One that writes none for so long hangs, and would keep the trainer for ever. */
const SILENCE_MS = 60 * 60_000;
/** Of what it wrote to its standard error, for the log. */
const KEPT_CHARACTERS = 4_000;
/** What the child inherits: no secret of the service, and nothing that names its database. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES'];

/** It ended without saying how its training ended: it was killed, or it has a fault. */
export class TrainingCrashed extends Error {
  override readonly name = 'TrainingCrashed';
}

export interface TrainingProcess {
  /** The program and its first arguments. */
  readonly command: readonly string[];
  readonly threads: number;
  readonly parse: (text: string) => TrainingLine;
  readonly log: Log;
  /** After so long without a line, it is killed. @default one hour */
  readonly silenceMs?: number;
}

/** Yields the lines of `work`. Throws `TrainingCrashed`, `LineError`, and the reason of the signal. */
export async function* runTraining(
  { command: [program = '', ...first], threads, parse, log, silenceMs = SILENCE_MS }: TrainingProcess,
  args: readonly string[],
  signal: AbortSignal,
): AsyncIterableIterator<TrainingLine> {
  signal.throwIfAborted();
  const child = spawn(program, [...first, 'work', ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(threads),
  });
  const ended = once(child, 'close').catch((error: unknown) => error as Error);
  const { pid, stdin, stdout, stderr } = child;
  // A child that is gone cannot be written to, and nobody writes.
  stdin.on('error', () => undefined);
  let complaints = '';
  stderr.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-KEPT_CHARACTERS)));
  const kill = (): void => killGroup(pid);
  signal.addEventListener('abort', kill);
  // What it started may outlive it, and would keep its output open.
  child.once('exit', kill);
  let isSilent = false;
  const silence = setTimeout(() => {
    isSilent = true;
    kill();
  }, silenceMs);
  try {
    if (pid !== undefined) lowerPriority(pid);
    log.info({ pid, command: program }, 'a training process started');
    for await (const text of readLines(stdout, BOUNDS)) {
      yield parse(text);
      silence.refresh();
    }
    await ended;
    signal.throwIfAborted();
    if (isSilent) throw new TrainingCrashed(`the training process wrote no line for ${String(silenceMs)} ms`);
    const { exitCode, signalCode } = child;
    if (exitCode === 0 || exitCode === REFUSED) return;
    throw new TrainingCrashed(`the training process ended with ${String(signalCode ?? exitCode)}: ${complaints}`);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', kill);
    kill();
    await ended;
  }
}

/** Its last line says why; see `work` of the training package. */
const REFUSED = 3;

function environment(threads: number): NodeJS.ProcessEnv {
  const kept = INHERITED.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  const bounded = threads === 0 ? {} : { OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
  return { ...Object.fromEntries(kept), ...bounded };
}

/** What draws and answers goes first. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is gone already, or the system does not allow it.
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
