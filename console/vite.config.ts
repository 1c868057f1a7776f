import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { resolvedImports } from './scripts/resolvedImports.ts';

/** Where `npm run dev` finds a running service. */
const SERVICE = process.env['DEFECTDIFFU_SERVICE'] ?? 'http://127.0.0.1:4000';
const proxy = {
  '/graphql': { target: SERVICE, ws: true },
  '^/(session|artifacts|uploads)': { target: SERVICE },
};

export default defineConfig({
  // GraphiQL brings framer-motion, which tries to require this, and does without.
  plugins: [react(), resolvedImports({ spared: ['@emotion/is-prop-valid'] })],
  build: { target: 'es2023', assetsInlineLimit: 0, cssCodeSplit: false, modulePreload: { polyfill: false } },
  server: { proxy },
  preview: { proxy },
});
