/**
 * The arrows of ARCHITECTURE.md. Each layer may import from itself and from the layers below it, never from one above:
 *
 *   programs → service → http → resolvers → repositories → queue → inference, storage → base
 */
const LAYERS = [
  ['programs', ['^src/(main|oneFile|program)[.]ts$', '^src/(demo|deploy|mcpStdio|tenantsCli)/']],
  ['service', ['^src/service[.]ts$', '^src/service/']],
  ['http', ['^src/http/']],
  ['tools', ['^src/mcp/']],
  ['resolvers', ['^src/(resolvers|schema)/']],
  [
    'repositories',
    ['^src/(artifacts|catalog|dataSets|exports|generations|marking|models|references|tenants|trainings|webhooks)/'],
  ],
  ['queue', ['^src/queue/']],
  ['engine and storage', ['^src/(inference|storage)/']],
  ['base', ['^src/(config|observability)/', '^src/(?!main[.]|oneFile[.]|program[.]|service[.])[^/]+[.]ts$']],
];

const above = (index) => LAYERS.slice(0, index).flatMap(([, paths]) => paths);

export default {
  forbidden: [
    ...LAYERS.slice(1).map(([name, paths], i) => ({
      name: `${name.replaceAll(' ', '-')}-imports-nothing-above`,
      severity: 'error',
      from: { path: paths },
      to: { path: above(i + 1) },
    })),
    {
      name: 'inference-knows-no-service',
      comment: 'The engine can be taken out and used alone.',
      severity: 'error',
      from: { path: '^src/inference/' },
      to: { path: '^src/', pathNot: ['^src/inference/', ...LAYERS.at(-1)[1]] },
    },
    {
      name: 'generations-import-no-worker',
      comment: 'Only the worker knows how a generation is drawn.',
      severity: 'error',
      from: { path: '^src/generations/', pathNot: '^src/generations/worker/' },
      to: { path: '^src/generations/worker/' },
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
      from: { path: '^src/', pathNot: LAYERS.flatMap(([, paths]) => paths) },
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
