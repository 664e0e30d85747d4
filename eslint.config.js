import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**', 'dev/hbase/.*/**', '**/.hoptrace/**'],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    // One program of all sources: one for each package would load core as often as there are packages, and run out of memory.
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['packages/ui/page/**/*.ts'],
    languageOptions: { parserOptions: { project: 'packages/ui/page/tsconfig.json' } },
  },
  {
    // What they import is not there before the packages are built; their own test commands check their types.
    files: ['examples/**/*.ts'],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ['packages/{express,koa,fastify,axios}/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@hoptrace/core/*', '**/core/src/**'],
              message: 'Adapters import only the public entry of @hoptrace/core.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['packages/core/src/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      '**/*.fixture.ts',
      // The module that opens, makes and deletes files, and the one of sockets and of what the kernel says of processes.
      'packages/core/src/files/**',
      'packages/core/src/rundir/**',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['fs', 'fs/*', 'node:fs', 'node:fs/*'],
              message: 'Files are opened, made and deleted by core/src/files alone.',
            },
          ],
        },
      ],
    },
  },
)
