import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchTable } from '../compare.ts';

const modules = join(import.meta.dirname, '../node_modules');
const missing = new Map<string, string>();

/** A package of test/bench/package.json; nothing, and noted as left out with the reason, where it can't be loaded. */
export async function loadPeer<T>(name: string): Promise<T | undefined> {
  return orLeftOut(name, async () => {
    // Not one that the repository has for something else: what is measured is what the bench asks for.
    if (!existsSync(join(modules, name))) throw new Error('it is not installed');
    return (await import(name)) as T;
  });
}

/** Texts inside a package that is not code; nothing, and noted as left out with the reason, where they can't be read. */
export async function peerTexts(name: string, paths: readonly string[]): Promise<readonly string[] | undefined> {
  return orLeftOut(name, async () => paths.map((path) => readFileSync(join(modules, name, path), 'utf8')));
}

async function orLeftOut<T>(name: string, load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    missing.set(name, String(error).split(/\n| imported from /, 1)[0]!);
    return undefined;
  }
}

/** `name version`, as installed. */
export function versioned(label: string, name: string): string {
  const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string };
  return `${label} ${version}`;
}

/** What was left out so far, and the command that brings it in. */
export function leftOut(): readonly BenchTable[] {
  if (missing.size === 0) return [];
  const rows = [...missing].map(([peer, why]) => ({ peer, why }));
  return [{ title: 'left out; to measure them too: npm ci --prefix test/bench', rows }];
}
