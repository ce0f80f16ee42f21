import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // The examples import the package by its name, as a user does; tests of them run on the sources.
    alias: [
      { find: /^@zyflow\/migration$/, replacement: src('index.ts') },
      { find: /^@zyflow\/migration\/(tasks|testing)$/, replacement: src('$1/index.ts') },
      { find: /^@zyflow\/migration\/(.+)$/, replacement: src('adapters/$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    exclude: ['test/package/**', 'test/bench/**', 'test/crash/**', 'node_modules/**'],
    testTimeout: process.env.DEEP ? 3_600_000 : 60_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
