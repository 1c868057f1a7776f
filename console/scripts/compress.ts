/** Writes each text file of the build compressed beside it, as the service sends it, and prints the console's size. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = join(dirname(import.meta.dirname), 'dist');

let brotli = 0;
let gzip = 0;
for (const name of globSync('**/*.{html,js,css,svg}', { cwd: DIST })) {
  const bytes = readFileSync(join(DIST, name));
  const compressed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  writeFileSync(join(DIST, `${name}.br`), compressed);
  if (name.includes('graphiql')) continue;
  brotli += compressed.length;
  gzip += gzipSync(bytes).length;
}
process.stdout.write(`console/dist: ${kilobytes(brotli)} kB with brotli, ${kilobytes(gzip)} kB with gzip\n`);

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
