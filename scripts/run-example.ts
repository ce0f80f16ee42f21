// Runs an example by its folder's name; without a name, or with a wrong one, says which there are.
import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const folder = new URL('../examples/', import.meta.url);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run example -- <name>, where name is one of: ${names.join(', ')}`);
  process.exit(2);
}
process.argv.splice(2, process.argv.length, ...rest);
await import(pathToFileURL(`${folder.pathname}${name}/main.ts`).href);
