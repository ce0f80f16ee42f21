import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import tsup from '../tsup.config.ts';

it('every sub-path of package.json is built, and everything built is a sub-path', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, unknown>;
  };
  if (typeof tsup !== 'object' || Array.isArray(tsup)) throw new TypeError('tsup.config.ts holds one configuration');
  const built = Object.keys(tsup.entry ?? {}).map((name) => (name === 'index' ? '.' : `./${name}`));
  expect(Object.keys(manifest.exports).filter((path) => path !== './package.json')).toEqual(built);
  for (const [path, conditions] of Object.entries(manifest.exports)) {
    if (path === './package.json') continue;
    const name = path === '.' ? 'index' : path.slice(2);
    const esm = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
    expect(conditions).toEqual({
      'module-sync': esm,
      import: esm,
      require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
    });
  }
});
