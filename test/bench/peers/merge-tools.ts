import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stableStringify } from '../../../src/core/checksum.ts';
import type { JsonValue } from '../../../src/core/json-value.ts';
import { type MergeTool, undecided, usualKey } from '../merge/tool.ts';
import { automergeTool } from './automerge.ts';
import { loadPeer, versioned } from './peer.ts';

type Merge = MergeTool['merge'];

/** Other tools that merge JSON, or could be used to, each as its documentation says. */
export async function mergePeers(): Promise<readonly MergeTool[]> {
  const tools = [
    gitMergeFile(),
    await nodeDiff3(),
    ...(await jsonDiff3()),
    ...(await trimerge()),
    await gitJsonMerge(),
    await jsonDiffPatch(),
    await fastJsonPatch(),
    await jsonMergePatch(),
    await automergeTool(),
  ];
  return tools.filter((tool) => tool !== undefined);
}

const pretty = (value: JsonValue) => `${JSON.stringify(value, undefined, 2)}\n`;
const copy = (value: JsonValue) => structuredClone(value);

/** A tool that says by an error that it can't. */
const orUndecided =
  (merge: Merge): Merge =>
  (base, local, remote) => {
    try {
      return merge(base, local, remote);
    } catch {
      return undecided;
    }
  };

function gitMergeFile(): MergeTool | undefined {
  const found = spawnSync('git', ['--version']);
  if (found.status !== 0) return undefined;
  const version = /[\d.]+/.exec(found.stdout.toString())?.[0] ?? '';
  return {
    name: `git merge-file ${version}, of pretty-printed text`,
    isSlow: true,
    merge(base, local, remote) {
      const folder = mkdtempSync(join(tmpdir(), 'merge-file-'));
      try {
        const files = [local, base, remote].map((value, at) => {
          const file = join(folder, String(at));
          writeFileSync(file, pretty(value));
          return file;
        });
        const { status, stdout } = spawnSync('git', ['merge-file', '-p', ...files], { maxBuffer: 1e9 });
        return status === 0 ? parsed(stdout.toString()) : undecided;
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

/** Lines that merge need not be JSON any more. */
function parsed(text: string): JsonValue | typeof undecided {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undecided;
  }
}

async function nodeDiff3(): Promise<MergeTool | undefined> {
  const name = 'node-diff3';
  const peer = await loadPeer<{
    merge(a: string[], o: string[], b: string[]): { conflict: boolean; result: string[] };
  }>(name);
  if (!peer) return undefined;
  const lines = (value: JsonValue) => pretty(value).split('\n');
  return {
    name: `${versioned(name, name)}, of pretty-printed lines`,
    merge(base, local, remote) {
      const { conflict, result } = peer.merge(lines(local), lines(base), lines(remote));
      return conflict ? undecided : parsed(result.join('\n'));
    },
  };
}

async function jsonDiff3(): Promise<MergeTool[]> {
  const name = 'json-diff3';
  const peer = await loadPeer<{
    diff3(base: JsonValue, a: JsonValue, b: JsonValue, handler?: object): JsonValue;
  }>(name);
  if (!peer) return [];
  const getArrayItemKey = (item: JsonValue) => usualKey(item, () => stableStringify(item));
  return [
    { name: versioned(name, name), merge: orUndecided((base, a, b) => peer.diff3(base, a, b)) },
    {
      name: `${versioned(name, name)}, told the keys`,
      merge: orUndecided((base, a, b) => peer.diff3(base, a, b, { getArrayItemKey })),
    },
  ];
}

async function trimerge(): Promise<MergeTool[]> {
  const name = 'trimerge';
  const peer = await loadPeer<{
    combineMergers(...mergers: unknown[]): Merge;
    trimergeEquality: unknown;
    trimergeJsonDeepEqual: unknown;
    trimergeJsonObject: unknown;
    trimergeArrayCreator(key: (item: JsonValue) => string): unknown;
  }>(name);
  if (!peer) return [];
  const merger = (key: (item: JsonValue) => string) =>
    orUndecided(
      peer.combineMergers(
        peer.trimergeEquality,
        peer.trimergeJsonDeepEqual,
        peer.trimergeJsonObject,
        peer.trimergeArrayCreator(key),
      ),
    );
  return [
    { name: versioned(name, name), merge: merger(stableStringify) },
    {
      name: `${versioned(name, name)}, told the keys`,
      merge: merger((item) => usualKey(item, () => stableStringify(item))),
    },
  ];
}

async function gitJsonMerge(): Promise<MergeTool | undefined> {
  const name = 'git-json-merge';
  const peer = await loadPeer<{ default: { merge: Merge } }>(name);
  if (!peer) return undefined;
  const merge = orUndecided((base, local, remote) => peer.default.merge(copy(local), copy(base), copy(remote)));
  return { name: versioned(name, name), merge };
}

async function jsonDiffPatch(): Promise<MergeTool | undefined> {
  const name = 'jsondiffpatch';
  const peer = await loadPeer<{
    diff(a: JsonValue, b: JsonValue): unknown;
    patch(value: JsonValue, delta: unknown): JsonValue;
  }>(name);
  if (!peer) return undefined;
  const merge = orUndecided((base, local, remote) => peer.patch(copy(local), peer.diff(base, remote)));
  return { name: `${versioned(name, name)}, remote's delta on local`, merge };
}

async function fastJsonPatch(): Promise<MergeTool | undefined> {
  const name = 'fast-json-patch';
  const loaded = await loadPeer<{
    default: {
      compare(a: JsonValue, b: JsonValue, invertible: boolean): object[];
      applyPatch(document: JsonValue, patch: object[], validate: boolean): { newDocument: JsonValue };
    };
  }>(name);
  if (!loaded) return undefined;
  const peer = loaded.default;
  // With the tests of what was there: else the patch goes over the local change.
  const merge = orUndecided(
    (base, local, remote) => peer.applyPatch(copy(local), peer.compare(base, remote, true), true).newDocument,
  );
  return { name: `${versioned(name, name)}, remote's patch with tests on local`, merge };
}

async function jsonMergePatch(): Promise<MergeTool | undefined> {
  const name = 'json-merge-patch';
  const peer = await loadPeer<{
    default: { generate(a: JsonValue, b: JsonValue): JsonValue; apply(value: JsonValue, patch: JsonValue): JsonValue };
  }>(name);
  if (!peer) return undefined;
  const { generate, apply } = peer.default;
  const merge = orUndecided((base, local, remote) => {
    const patch = generate(base, remote);
    return patch === undefined ? local : apply(copy(local), patch);
  });
  return { name: `${versioned(name, name)}, remote's patch on local`, merge };
}
