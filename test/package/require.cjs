// Every entry loads as CommonJS, and a class is the same one however it is loaded.
const assert = require('node:assert/strict');
const root = require('@zyflow/migration');
const manifest = require('@zyflow/migration/package.json');

void (async () => {
  for (const path of Object.keys(manifest.exports)) {
    if (path.endsWith('.json')) continue;
    const name = path.replace(/^\./, manifest.name);
    const required = require(name);
    const imported = await import(name);
    for (const key of Object.keys(required))
      assert.equal(required[key], imported[key], `${name}: two copies of ${key}`);
  }
  const { PostgreSQLEventAdapter } = require('@zyflow/migration/postgres');
  assert.throws(
    () => new PostgreSQLEventAdapter({ query: async () => ({ rows: [] }) }, { schema: 'not a name' }),
    root.InvalidArgumentError,
  );
  console.log(`node ${process.version}: every entry requires, each class is one`);
})();
