/**
 * What an import of 5000 products and 500 defects costs: how long it takes, and the worst turn of the server's event loop
 * meanwhile, its own work apart from what other programs took.
 *
 *   npm run bench:catalog
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY = 'a-key-for-the-bench';
const dataDirectory = mkdtempSync(join(tmpdir(), 'defectdiffu-bench-'));
const server = spawn(process.execPath, ['--import', './bench/loopProbe.ts', 'dist/main.js'], {
  env: { ...process.env, PORT: '0', DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: KEY },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let printed = '';
server.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));

async function seen(pattern: RegExp): Promise<string> {
  for (;;) {
    const found = pattern.exec(printed)?.[1];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function probe(): Promise<{ lateMs: number; ownMs: number }> {
  printed = '';
  server.kill('SIGUSR2');
  return JSON.parse(await seen(/probe (\{.*\})/)) as { lateMs: number; ownMs: number };
}

const query = 'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { message } } }';
const importOf = (name: string, promptName: string): string => {
  const products = Array.from({ length: 5000 }, (_, i) => ({
    partNumber: `N${String(i)}`,
    name: `${name} ${String(i)}`,
    promptName,
    attributes: { line: i % 7, drawing: `DRW-${String(i)}`, supplier: 'somebody' },
  }));
  const defects = Array.from({ length: 500 }, (_, i) => ({ code: `N${String(i)}`, name: 'crack' }));
  return JSON.stringify({ query, variables: { input: { products, defects } } });
};

try {
  const url = await seen(/DefectDiffu serves (\S+)/);
  await probe();
  for (const [what, body] of [
    ['new', importOf('Part', 'concrete')],
    ['the same', importOf('Part', 'concrete')],
    ['renamed', importOf('Piece', 'concrete')],
    ['unknown words', importOf('Part', 'Konkrete')],
  ] as const) {
    const started = performance.now();
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body });
    await response.text();
    const took = performance.now() - started;
    const { ownMs, lateMs } = await probe();
    console.log(
      `${what}: ${String(response.status)}, ${took.toFixed(0)} ms; worst turn ${ownMs.toFixed(0)} ms of its own work, ${lateMs.toFixed(0)} ms late`,
    );
  }
} finally {
  server.kill('SIGKILL');
  rmSync(dataDirectory, { recursive: true, force: true });
}
