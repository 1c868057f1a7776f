import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'coverage',
      'data',
      'training',
      'models',
      'demo-output',
      '**/dist',
      '**/generated',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/storage/drizzle.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: ['', '/pg-core', '/pglite', '/node-postgres'].map((path) => ({
            name: `drizzle-orm${path}`,
            message: 'Import it from storage/drizzle.ts, which says why.',
            allowTypeImports: true,
          })),
        },
      ],
    },
  },
  // Vite, jest, and React's lazy take the default export.
  {
    files: [
      'test/globalSetup.ts',
      'console/vite.config.ts',
      'console/vite.graphiql.config.ts',
      'console/src/**/*Page.tsx',
      'console/src/draw/RegionField.tsx',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['console/**/*.tsx', 'console/**/*.ts'],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  { files: ['src/demo/**', 'bench/**'], rules: { 'no-console': 'off' } },
);
