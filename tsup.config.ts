import { defineConfig } from 'tsup';

// One entry a sub-path of package.json's `exports`. `splitting` also for CJS, so that every entry shares
// one copy of each class and `instanceof` holds across sub-paths.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    tasks: 'src/tasks/index.ts',
    sqlite: 'src/adapters/sqlite/index.ts',
    postgres: 'src/adapters/postgres/index.ts',
    redis: 'src/adapters/redis/index.ts',
    prometheus: 'src/adapters/prometheus/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: ['esm', 'cjs'],
  dts: { compilerOptions: { allowImportingTsExtensions: true } },
  splitting: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  // The comments are in the types, the code with its names in the source maps.
  esbuildOptions(options) {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
  },
});
