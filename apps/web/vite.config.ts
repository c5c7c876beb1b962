import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { offlineShell } from './offline-shell.js';
import { precompress } from './precompress.js';

/** Where `vite dev` sends API calls: a Parley server of your own. */
const server = process.env['PARLEY_SERVER'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), offlineShell(), precompress()],
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // The style sheets use light-dark() and nesting as they are: every browser of the last two years knows them.
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': server, '/v1': server, '/healthz': server } },
});
