import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

describe('README', () => {
  it('shows the first program as it is, in under 20 lines', () => {
    const program = readFileSync('examples/first-program/main.ts', 'utf8').trimEnd();
    expect(readme).toContain(`\`\`\`ts\n${program}\n\`\`\``);
    expect(program.split('\n').length).toBeLessThan(20);
  });

  it('names every example, and each one it names is there', () => {
    const folders = readdirSync('examples', { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'migrate-zyflow')
      .map((entry) => entry.name);
    const named = [...readme.matchAll(/`npm run example -- ([\w-]+)` \|/g)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(folders.toSorted());
  });
});

describe('docs', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...markdownUnder('docs'),
    ...markdownUnder('examples'),
  ];

  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });
});

function markdownUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
    .map((name) => join(folder, name));
}
