import { defineConfig } from 'vite'

/** The page: one document, one script, one style sheet, which `src/server` serves. */
export default defineConfig({
  root: 'page',
  base: '/',
  resolve: { conditions: ['@hoptrace/source', 'module', 'browser'] },
  build: { outDir: '../dist/page', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
})
