/** How the admin pages are built: below /admin/, hashed assets, nothing inlined (the server's CSP allows only 'self'). */
import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';
import { firstLoadAtMost } from './firstLoad.ts';

const FIRST_LOAD = 500_000; // bytes, gzipped

export default defineConfig(({ mode }) => ({
  base: '/admin/',
  plugins: [react(), firstLoadAtMost(FIRST_LOAD)],
  build: {
    target: 'es2022',
    // A data: URI would be refused by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: { '/api': loadEnv(mode, '.', 'PARLEY_').PARLEY_URL ?? 'http://127.0.0.1:8000' },
  },
}));
