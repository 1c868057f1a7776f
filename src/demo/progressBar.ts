/** A progress bar on one line. Without a terminal, it prints lines instead. */
import type { GenerationEvent } from './client.js';

const WIDTH = 40;

export function createProgressBar(out: NodeJS.WriteStream, total: number) {
  let fraction = 0;
  let samples = 0;
  let lastLine = '';

  function draw(state: string): void {
    const filled = Math.round(fraction * WIDTH);
    const bar = `[${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}]`;
    const line = `${bar} ${String(Math.round(fraction * 100)).padStart(3)} %  ${String(samples)} ready  ${state}`;
    if (line === lastLine) return;
    lastLine = line;
    out.write(out.isTTY ? `\r${line}\u001b[K` : `${line}\n`);
  }

  return {
    show({ type, progress, sample }: GenerationEvent): void {
      if (progress !== undefined) fraction = progress.fraction;
      if (sample !== undefined) samples += 1;
      fraction = Math.max(fraction, samples / total);
      if (type === 'GenerationSucceeded') fraction = 1;
      draw(type === 'GenerationQueued' ? 'queued' : type === 'GenerationSucceeded' ? 'done' : 'drawing');
    },
    end: (): void => void out.write('\n'),
  };
}
