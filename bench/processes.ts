/** The resources that a Linux process uses, from /proc. */
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Megabytes that are resident, and its proportional share of those that it shares with others where that can be read. */
export function memoryOf(pid: number): { rss: number; pss: number | null } {
  const read = (file: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${String(pid)}/${file}`, 'utf8'))?.[1]) /
    1024;
  const rss = read('status', 'VmRSS');
  try {
    return { rss, pss: read('smaps_rollup', 'Pss') };
  } catch {
    return { rss, pss: null };
  }
}

/** The processor time of all threads of a process so far. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The processes that it started. */
export function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}
