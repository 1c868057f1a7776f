/**
 * The cost of an import of 5000 products and 500 defects: how long it takes, and the worst turn of the server's event loop
 * meanwhile, its own work apart from what other programs took.
 *
 *   npm run bench:catalog
 */
import { saveResults } from './saveResults.ts';
import { startServer } from './server.ts';

const server = await startServer();
const took: Record<string, { ms: number; ownMs: number; lateMs: number }> = {};

const query = 'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { message } } }';
const importOf = (name: string, promptName: string): object => {
  const products = Array.from({ length: 5000 }, (_, i) => ({
    partNumber: `N${String(i)}`,
    name: `${name} ${String(i)}`,
    promptName,
    attributes: { line: i % 7, drawing: `DRW-${String(i)}`, supplier: 'somebody' },
  }));
  const defects = Array.from({ length: 500 }, (_, i) => ({ code: `N${String(i)}`, name: 'crack' }));
  return { input: { products, defects } };
};

try {
  await server.probe();
  for (const [what, variables] of [
    ['new', importOf('Part', 'concrete')],
    ['the same', importOf('Part', 'concrete')],
    ['renamed', importOf('Piece', 'concrete')],
    ['unknown words', importOf('Part', 'Konkrete')],
  ] as const) {
    const started = performance.now();
    await server.ask(query, variables);
    const ms = performance.now() - started;
    const { ownMs, lateMs } = await server.probe();
    took[what] = { ms, ownMs, lateMs };
    console.log(
      `${what}: ${ms.toFixed(0)} ms; worst turn ${ownMs.toFixed(0)} ms of its own work, ${lateMs.toFixed(0)} ms late`,
    );
  }
  saveResults('catalog', took, {
    'an import of 5000 products and 500 defects': Object.entries(took)
      .map(([what, { ms, ownMs }]) => `${what} ${ms.toFixed(0)} ms (worst turn ${ownMs.toFixed(0)} ms)`)
      .join(', '),
  });
} finally {
  await server.stop();
}
