/** The training package's reference sampler, in a process of its own (reference.py). */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Reference {
  /** Floating-point operations of one denoiser call for one sample: three rows over two backgrounds. */
  readonly flops: number;
  readonly torch: string;
  /** The time to draw `batch` samples. Null if this machine cannot. */
  seconds(mode: string, batch: number, steps: number): Promise<number | null>;
  writeMatmul(path: string, size: number): Promise<void>;
  close(): void;
}

export async function openReference(bundle: string, threads: number): Promise<Reference> {
  const python = process.env['PYTHON'] ?? 'training/.venv/bin/python';
  const child = spawn(python, ['bench/engine/reference.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question: object): Promise<Record<string, unknown>> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done === true)
      throw new Error(`${python} bench/engine/reference.py has ended; docs/training.md says how to set it up`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  const { flops, torch } = await ask({ bundle, threads });
  return {
    flops: flops as number,
    torch: torch as string,
    async seconds(mode, batch, steps) {
      const { seconds, error } = await ask({ mode, batch, steps });
      if (error !== undefined) console.log(`  ${mode}: ${String(error)}`);
      return (seconds as number | undefined) ?? null;
    },
    async writeMatmul(path, size) {
      await ask({ matmul: path, size });
    },
    close: () => child.kill(),
  };
}
