import { isPlainObject, type JsonValue, jsonEqual } from '../../../src/core/json-value.ts';
import type { MergeTool } from '../merge/tool.ts';
import { loadPeer, versioned } from './peer.ts';

type Doc = Record<string, unknown>;

interface Automerge {
  from(value: Doc): Doc;
  clone(doc: Doc): Doc;
  change(doc: Doc, edit: (draft: Doc) => void): Doc;
  merge(one: Doc, other: Doc): Doc;
  toJS(doc: Doc): Doc;
}

/** A CRDT knows edits, not versions: each side's edits are found by comparing it with the base. */
export async function automergeTool(): Promise<MergeTool | undefined> {
  const name = '@automerge/automerge';
  const peer = await loadPeer<Automerge>(name);
  if (!peer) return undefined;
  return {
    name: versioned('Automerge', name),
    // Far from the others: everything is written into its history first.
    isSlow: true,
    merge(base, local, remote) {
      const doc = peer.from({ root: structuredClone(base) });
      const edited = (version: JsonValue) =>
        peer.change(peer.clone(doc), (draft) => assign(draft, 'root', base, version));
      const merged = peer.merge(edited(local), edited(remote));
      return peer.toJS(merged).root as JsonValue;
    },
  };
}

function assign(holder: Doc, name: string, before: unknown, after: JsonValue): void {
  if (jsonEqual(before, after)) return;
  if (isPlainObject(before) && isPlainObject(after)) {
    const target = holder[name] as Doc;
    for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) delete target[key];
    for (const key of Object.keys(after)) {
      if (Object.hasOwn(before, key)) assign(target, key, before[key], after[key] as JsonValue);
      else target[key] = structuredClone(after[key]);
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    splice(holder[name] as unknown[], before, after);
  } else holder[name] = structuredClone(after);
}

/** What is equal at both ends stays; of what is between, items at one place are edited, the rest put in or taken out. */
function splice(target: unknown[], before: readonly JsonValue[], after: readonly JsonValue[]): void {
  let start = 0;
  while (start < Math.min(before.length, after.length) && jsonEqual(before[start], after[start])) start++;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start && jsonEqual(before.at(-1 - end), after.at(-1 - end)))
    end++;
  const removed = before.length - end - start;
  const added = after.slice(start, after.length - end);
  if (removed === added.length) {
    for (const [at, item] of added.entries())
      assign(target as unknown as Doc, String(start + at), before[start + at], item);
  } else {
    target.splice(start, removed, ...structuredClone(added));
  }
}
