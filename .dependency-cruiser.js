/**
 * The arrows of ARCHITECTURE.md. Each layer may import from itself and from the layers below it, never from one above:
 *
 *   programs → service → http → resolvers → rooms → queue → inference, storage → base
 */
const LAYERS = [
  ['programs', ['main.ts', 'demo', 'deploy', 'tenantsCli']],
  ['service', ['service', 'service.ts']],
  ['http', ['http']],
  ['resolvers', ['resolvers', 'schema']],
  ['rooms', ['artifacts', 'catalog', 'exports', 'generations', 'observability', 'references', 'tenants', 'webhooks']],
  ['queue', ['queue']],
  ['engine and storage', ['inference', 'storage']],
  ['base', ['config', 'config.ts', 'errors.ts', 'log.ts', 'loopMonitor.ts', 'text.ts']],
];

/** A folder matches with everything in it. */
const paths = (entries) =>
  entries.map((entry) => (entry.endsWith('.ts') ? `^src/${entry.replace('.', '\\.')}$` : `^src/${entry}/`));

const above = (index) => LAYERS.slice(0, index).flatMap(([, entries]) => paths(entries));

export default {
  forbidden: [
    ...LAYERS.slice(1).map(([name, entries], i) => ({
      name: `${name.replaceAll(' ', '-')}-imports-nothing-above`,
      severity: 'error',
      from: { path: paths(entries) },
      to: { path: above(i + 1) },
    })),
    {
      name: 'inference-knows-no-service',
      comment: 'The engine can be taken out and used alone.',
      severity: 'error',
      from: { path: '^src/inference/' },
      to: { path: '^src/', pathNot: ['^src/inference/', ...paths(LAYERS.at(-1)[1])] },
    },
    {
      name: 'no-circles-between-folders',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every-file-has-a-layer',
      severity: 'error',
      from: { path: '^src/', pathNot: LAYERS.flatMap(([, entries]) => paths(entries)) },
      to: {},
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['\\.d\\.ts$'] }, to: {} },
    { name: 'nothing-outside', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|training)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
