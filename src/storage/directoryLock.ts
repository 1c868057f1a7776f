/**
 * One process per data directory. PGlite corrupts a directory that two processes open, so the holder is written
 * into a lock file, and a lock is taken over only when its holder is surely gone: same machine and no process
 * with that pid and start time; from another machine (a shared volume), only when its heartbeat has stopped.
 */
import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../errors.js';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 60_000;
/** A take-over is a few file operations; one that is older was killed in the middle. */
const TAKE_OVER_MS = 10_000;

interface LockHolder {
  readonly pid: number;
  /** Of the process, as the kernel counts it: tells a living holder from another process that got its pid. */
  readonly started: string;
  readonly host: string;
  /** The namespace in which the pid means something. */
  readonly pids: string;
}

/** Returns the release. Throws `StartError` when another process holds the directory, or it cannot be written to. */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, 'lock');
  const self: LockHolder = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    pids: pidNamespace(),
  };
  makeDirectory(directory);
  try {
    if (!create(file, self)) takeOver(file, directory, self);
  } catch (error) {
    throw error instanceof StartError ? error : cannotUse(directory, error);
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  return () => {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  };
}

/** Throws `StartError`. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotUse(directory, error);
  }
}

function cannotUse(directory: string, cause: unknown): StartError {
  const { message } = cause as Error;
  return new StartError(`DATA_DIR: ${directory} must be a folder that can be made and written to: ${message}`, {
    cause,
  });
}

function create(file: string, holder: LockHolder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Under a second lock, so that of two processes that find the same dead holder one takes over. */
function takeOver(file: string, directory: string, self: LockHolder): void {
  const guard = `${file}.take-over`;
  if (ageOf(guard) > TAKE_OVER_MS) rmSync(guard, { force: true });
  if (!create(guard, self)) throw new StartError(`${directory} is being taken over by another process; try again`);
  try {
    const holder = read(file);
    if (holder !== undefined && isAlive(holder, file)) {
      throw new StartError(
        `${directory} is in use by process ${String(holder.pid)} on ${holder.host}. Stop it, or set DATA_DIR to another directory.`,
      );
    }
    rmSync(file, { force: true });
    if (!create(file, self)) throw new StartError(`${directory} was locked by another process just now; try again`);
  } finally {
    rmSync(guard, { force: true });
  }
}

function read(file: string): LockHolder | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<LockHolder>;
    if (typeof value.pid !== 'number' || typeof value.host !== 'string') return undefined;
    return { pid: value.pid, started: value.started ?? '', host: value.host, pids: value.pids ?? '' };
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder, file: string): boolean {
  // Containers may share a hostname and still not see each other's processes.
  if (holder.host !== hostname() || holder.pids !== pidNamespace()) return ageOf(file) < STALE_MS;
  const started = startOf(holder.pid);
  return started !== undefined && (holder.started === '' || started === '' || started === holder.started);
}

/** Which processes this one sees; empty where the system does not tell. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Undefined: no such process. Empty: it lives, but this system does not tell since when. */
function startOf(pid: number): string | undefined {
  try {
    // Field 22, counted from the state, which follows the command's closing parenthesis.
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    try {
      process.kill(pid, 0);
      return '';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
    }
  }
}

function ageOf(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // The directory is gone or full; the next write to the database will say so.
  }
}
