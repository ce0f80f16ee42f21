// Type-checks the ```ts blocks of the README and of docs/: `npm run check:snippets`.
//
// The blocks of a page are one program, in order: each sees the names of those before it, and may use one of them for
// something else. Names that are the reader's own are declared where no reader sees them, in the page:
//   <!-- snippet: declare const pool: import('pg').Pool; -->
// or, for the pages that share them, in docs/snippet-names.ts. A block that is no program stands behind
//   <!-- snippet: none -->
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))].filter((name) =>
  name.endsWith('.md'),
);

/** The program of a page: a line of it stands where it stands in the page, and what is imported and declared in the first. */
function programOf(page: string): { text: string; blocks: number } {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const program = lines.map(() => '');
  const imports = new Map<string, string>();
  let declared = '';
  let blocks = 0;
  let isSkipped = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.startsWith('<!-- snippet:')) {
      const end = lines.findIndex((each, index) => index >= at && each.endsWith('-->'));
      const names = lines
        .slice(at, end + 1)
        .join('\n')
        .slice('<!-- snippet:'.length, -'-->'.length);
      isSkipped = names.trim() === 'none';
      if (!isSkipped) declared += withoutImports(names, imports).replaceAll('\n', ' ');
      at = end;
    } else if (/^```\w/.test(line)) {
      const end = lines.indexOf('```', at + 1);
      if (/^```ts\b/.test(line) && !isSkipped) {
        const code = withoutImports(lines.slice(at + 1, end).join('\n'), imports);
        program.splice(at, end - at, `async function snippet${++blocks}() {`, ...code.split('\n'));
      }
      isSkipped = false;
      at = end;
    }
  }
  program[0] = [...imports.values(), declared].join(' ');
  return { text: [...program, '}'.repeat(blocks), 'export {};'].join('\n'), blocks };
}

/** The code with blanks where it imports or exports, which can't be done in a function; one import for each name. */
function withoutImports(code: string, imports: Map<string, string>): string {
  const file = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.Latest);
  const blanks: ts.Node[] = [];
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings, isTypeOnly = false } = statement.importClause ?? {};
      const add = (local: string, what: string, isType = isTypeOnly) => {
        if (isType && imports.has(local)) return;
        imports.set(
          local,
          `import ${isTypeOnly ? 'type ' : ''}${what} from ${statement.moduleSpecifier.getText(file)};`,
        );
      };
      if (name) add(name.text, name.text);
      if (namedBindings && ts.isNamespaceImport(namedBindings))
        add(namedBindings.name.text, namedBindings.getText(file));
      else
        for (const each of namedBindings?.elements ?? [])
          add(each.name.text, `{ ${each.getText(file)} }`, isTypeOnly || each.isTypeOnly);
      blanks.push(statement);
    } else if (ts.canHaveModifiers(statement)) {
      blanks.push(...(ts.getModifiers(statement) ?? []).filter(({ kind }) => kind === ts.SyntaxKind.ExportKeyword));
    }
  }
  return blanks.reduce((text, node) => {
    const [start, end] = [node.getStart(file), node.end];
    return text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end);
  }, code);
}

const programs = new Map(pages.map((page) => [join(root, `${page}.ts`), programOf(page)]));
const { config } = ts.readConfigFile(join(root, 'examples/tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, 'examples'));
const compilerOptions = { ...options, noUnusedLocals: false, noUnusedParameters: false, erasableSyntaxOnly: false };
const host = ts.createCompilerHost(compilerOptions);
const { fileExists, readFile, getSourceFile } = host;
host.fileExists = (name) => programs.has(name) || fileExists(name);
host.readFile = (name) => programs.get(name)?.text ?? readFile(name);
host.getSourceFile = (name, languageVersion, ...rest) => {
  const page = programs.get(name);
  return page ? ts.createSourceFile(name, page.text, languageVersion) : getSourceFile(name, languageVersion, ...rest);
};
const files = [...programs.keys(), join(root, 'docs/snippet-names.ts')];
const program = ts.createProgram(files, compilerOptions, host);

// A driver that is not installed here is any.
const isForeign = ({ code, messageText }: ts.Diagnostic) =>
  (code === 2307 || code === 7016) && !String(messageText).includes("'@zyflow/");
const found = files.flatMap((name) => {
  const file = program.getSourceFile(name)!;
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].filter(
    (each) => !isForeign(each),
  );
});
for (const { file, start = 0, messageText } of found) {
  const { line } = file!.getLineAndCharacterOfPosition(start);
  const page = relative(root, file!.fileName).replace('.md.ts', '.md');
  console.error(`${page}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n  ')}`);
}
const blocks = [...programs.values()].reduce((sum, each) => sum + each.blocks, 0);
console.log(`${blocks} snippets in ${pages.length} pages, ${found.length} mistakes`);
process.exitCode = found.length > 0 ? 1 : 0;
