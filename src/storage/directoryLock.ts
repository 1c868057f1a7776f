/**
 * Allows one process per data directory. PGlite corrupts a directory that two processes open. The holder is recorded in
 * a lock file. Another process takes the lock over only if the holder is certainly gone: on the same machine, if no
 * process has its pid and start time; from another machine or container (a shared volume), if its heartbeat has stopped.
 * After a container was killed, the next start finds a holder that it cannot see, and waits until its heartbeat either
 * moves or has stopped for long enough.
 */
import { chmodSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../errors.js';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 60_000;
const LOOK_MS = 500;
/** Taking over is a few file operations, so an older marker belongs to a process that was killed meanwhile. */
const TAKE_OVER_MS = 10_000;

interface LockHolder {
  readonly pid: number;
  /**
   * The start time of the process according to the kernel. It tells the holder from another process with a reused pid.
   */
  readonly started: string;
  readonly host: string;
  /** The namespace of the pid. */
  readonly pids: string;
}

/**
 * Resolves to a function that releases the lock. Rejects with `StartError` when another process holds the directory, or
 * it cannot be written to.
 * @param onWait is called once if the holder is not visible from here, with a message.
 */
export async function lockDirectory(directory: string, onWait: (message: string) => void): Promise<() => void> {
  const file = join(directory, 'lock');
  const self: LockHolder = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    pids: pidNamespace(),
  };
  makeDirectory(directory);
  try {
    if (!create(file, self)) {
      await waitForHeartbeat(file, directory, onWait);
      takeOver(file, directory, self);
    }
  } catch (error) {
    throw error instanceof StartError ? error : cannotUse(directory, error);
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  return () => {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  };
}

/** Also closes a folder that exists to other users. Throws `StartError`. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    closeToOthers(directory);
  } catch (error) {
    throw cannotUse(directory, error);
  }
}

/** A folder of another owner, such as the mount of a volume, has the access that its owner decided on. */
function closeToOthers(directory: string): void {
  const { mode, uid } = statSync(directory);
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(directory, 0o700);
}

function cannotUse(directory: string, cause: unknown): StartError {
  const { message } = cause as Error;
  return new StartError(`DATA_DIR: ${directory} must be a folder that can be created and written to: ${message}`, {
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

/**
 * Waits while only a heartbeat can tell whether the holder lives. A holder that did not beat for `STALE_MS` is dead, even
 * if it was blocked for most of this time.
 */
async function waitForHeartbeat(file: string, directory: string, onWait: (message: string) => void): Promise<void> {
  const holder = read(file);
  if (holder === undefined || isVisible(holder)) return;
  const last = beatOf(file);
  if (ageOf(file) < STALE_MS) {
    const seconds = String(Math.ceil((STALE_MS - ageOf(file)) / 1000));
    onWait(
      `${directory} was locked by process ${String(holder.pid)} on ${holder.host}, which cannot be seen from here; ` +
        `taking over in ${seconds} s unless it lives`,
    );
  }
  while (ageOf(file) < STALE_MS && beatOf(file) === last) await sleep(LOOK_MS);
}

/** Runs under a second lock, so that only one of two processes that find a dead holder takes over. */
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
    if (!create(file, self)) throw new StartError(`${directory} was just locked by another process; try again`);
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
  if (!isVisible(holder)) return ageOf(file) < STALE_MS;
  const started = startOf(holder.pid);
  return started !== undefined && (holder.started === '' || started === '' || started === holder.started);
}

/** Containers can share a hostname without seeing each other's processes. */
function isVisible(holder: LockHolder): boolean {
  return holder.host === hostname() && holder.pids === pidNamespace();
}

/** Identifies the set of processes that this one can see. Empty if the system does not tell. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Undefined: there is no such process. Empty: the process exists, but the system does not tell its start time. */
function startOf(pid: number): string | undefined {
  try {
    // Field 22. The state is field 3 and follows the closing parenthesis of the command.
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

/** The time of the last heartbeat; 0 once the lock is released. */
function beatOf(file: string): number {
  try {
    return statSync(file).mtimeMs;
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
