// What editors, people and file systems do to task files while they are synced.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RecoveryManager } from '../../src/resilience/recovery-manager.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { TasksFileReplica, type TasksFileReplicaOptions } from '../../src/tasks/tasks-file-replica.ts';
import { type TasksFile, tasksMerger } from '../../src/tasks/tasks-merger.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { eventually, newFolder, turns } from '../sync/watched-folder.ts';

const text = '# Plan\n\n- [ ] 1.1 Write the parser\n- [ ] 1.2 Test it\n';
const edited = text.replace('[ ] 1.1', '[x] 1.1');

async function setUp(options: TasksFileReplicaOptions = {}) {
  const temporary = await newFolder();
  const root = join(temporary.folder, 'changes');
  const pathOf = (id: string) => join(root, id, 'tasks.md');
  for (const id of ['c1', 'c2']) {
    await mkdir(join(root, id), { recursive: true });
    await writeFile(pathOf(id), text);
  }
  const spec = new TasksFileReplica(root, options);
  const runtime = new MemoryReplica<TasksFile>();
  const errors: [id: string | null, error: Error][] = [];
  const coordinator = new SyncCoordinator<TasksFile>({
    spec,
    runtime,
    merger: tasksMerger,
    recoveryManager: new RecoveryManager({ maxAttempts: 1 }),
    onError: (error, id) => void errors.push([id, error as Error]),
  });
  const dispose = async () => {
    await coordinator.close();
    await temporary[Symbol.asyncDispose]();
  };
  return { root, pathOf, spec, runtime, coordinator, errors, [Symbol.asyncDispose]: dispose };
}

const idsOf = async (spec: TasksFileReplica) => {
  const ids: string[] = [];
  for await (const id of spec.ids()) ids.push(id);
  return ids.toSorted();
};

/** How editors save, in two steps; between them the file is not what anybody saved. */
const saves: [how: string, begin: (path: string) => void][] = [
  ['truncates it and writes', (path) => writeFileSync(path, '')],
  ['writes it in two parts', (path) => writeFileSync(path, edited.slice(0, 20))],
  ['removes it and writes', (path) => rmSync(path)],
  ['renames it and writes', (path) => renameSync(path, `${path}~`)],
];

describe('task files, attacked', () => {
  it.each(saves)('SY3 are not read in the middle of a save that %s', async (_, begin) => {
    const clock = new FakeClock();
    await using all = await setUp({ watcher: { clock, stableMs: 60_000, graceMs: 60_000 } });
    const path = all.pathOf('c1');
    begin(path);
    let read: string | undefined;
    const reading = all.spec.read('c1').then(({ state }) => {
      read = state?.text ?? 'nothing';
    });
    await eventually(() => expect(clock.pending + Number(read !== undefined)).toBe(1));
    writeFileSync(path, edited);
    while (read === undefined) await clock.advance(60_000);
    await reading;
    expect(read).toBe(edited);
  });

  it('are read as they are when nothing has happened to them for a while, empty or gone', async () => {
    const clock = new FakeClock();
    await using all = await setUp({ watcher: { clock, stableMs: 1, graceMs: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await all.spec.read('c1')).toMatchObject({ state: { text } });
    await writeFile(all.pathOf('c1'), '');
    await rm(all.pathOf('c2'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await all.spec.read('c1')).toMatchObject({ state: { text: '' } });
    expect(await all.spec.read('c2')).toEqual({ state: undefined, version: '' });
    expect(await all.spec.read('never')).toEqual({ state: undefined, version: '' });
  });

  it('give up on a file that changes all the time, and when they are told to', async () => {
    const clock = new FakeClock();
    await using all = await setUp({ watcher: { clock, stableMs: 60_000 } });
    const path = all.pathOf('c1');
    let isOver = false;
    const busy = expect(all.spec.read('c1')).rejects.toThrow(/changes all the time/);
    void busy.finally(() => {
      isOver = true;
    });
    for (let n = 0; !isOver; n++) {
      writeFileSync(path, `text ${n}`);
      await clock.advance(60_000);
    }
    await busy;
    const end = new AbortController();
    const reading = all.spec.read('c1', { signal: end.signal });
    await eventually(() => expect(clock.pending).toBe(1));
    end.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });

  it('are not taken for removed when their root is gone, nor made without it', async () => {
    await using all = await setUp();
    await all.coordinator.syncAll();
    await rename(all.root, `${all.root}.moved`);
    await expect(all.coordinator.sync('c1')).rejects.toMatchObject({ cause: { code: 'STORAGE_FAILED' } });
    expect(all.runtime.get('c1')).toEqual({ text });
    await expect(all.spec.write('c3', { text }, { expectedVersion: '' })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
    expect(existsSync(all.root)).toBe(false);
    await rename(`${all.root}.moved`, all.root);
    expect((await all.coordinator.sync('c1')).writes).toEqual([]);
  });

  it('are not taken for removed when something else is in their place', async () => {
    await using all = await setUp();
    await all.coordinator.syncAll();
    for (const put of [
      (path: string) => mkdir(path),
      (path: string) => symlink('nowhere', path),
      (path: string) => symlink('tasks.md', path),
    ]) {
      await rm(all.pathOf('c1'), { recursive: true });
      await put(all.pathOf('c1'));
      await expect(all.coordinator.sync('c1')).rejects.toMatchObject({ code: 'RETRIES_EXHAUSTED' });
      expect(all.runtime.get('c1')).toEqual({ text });
      // One of them stops no other.
      expect(await idsOf(all.spec)).toEqual(['c1', 'c2']);
      const { failures } = await all.coordinator.syncAll();
      expect(failures.map(({ id }) => id)).toEqual(['c1']);
    }
  });

  it('refuse text that a file can not hold', async () => {
    await using all = await setUp();
    const { version } = await all.spec.read('c1');
    const half = { text: `${text}\ud800` };
    await expect(all.spec.write('c1', half, { expectedVersion: version })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await readFile(all.pathOf('c1'), 'utf8')).toBe(text);
  });

  it('are synced again once their root has been moved away and put back, and are not removed meanwhile', async () => {
    await using all = await setUp();
    await all.coordinator.start();
    await rename(all.root, `${all.root}.moved`);
    await eventually(() => expect(all.errors.map(([id]) => id)).toContain(null));
    await turns(20);
    expect([all.runtime.get('c1'), all.runtime.get('c2')]).toEqual([{ text }, { text }]);
    await rename(`${all.root}.moved`, all.root);
    await writeFile(all.pathOf('c1'), edited);
    await eventually(() => expect(all.runtime.get('c1')).toEqual({ text: edited }));
    all.runtime.set('c2', { text: edited });
    await eventually(async () => expect(await readFile(all.pathOf('c2'), 'utf8')).toBe(edited));
    await writeFile(all.pathOf('c2'), text);
    await eventually(() => expect(all.runtime.get('c2')).toEqual({ text }));
  });

  it('tell of one that can not be read by its id, and sync it once it can', async () => {
    await using all = await setUp();
    await all.coordinator.start();
    await rm(all.pathOf('c1'));
    await symlink('tasks.md', all.pathOf('c1')); // leads to itself
    await eventually(() => expect(all.errors.map(([id]) => id)).toContain('c1'));
    expect(all.runtime.get('c1')).toEqual({ text });
    await rm(all.pathOf('c1'));
    await writeFile(all.pathOf('c1'), edited);
    await eventually(() => expect(all.runtime.get('c1')).toEqual({ text: edited }));
    await writeFile(all.pathOf('c1'), Buffer.from([0x2d, 0xff, 0xfe]));
    await eventually(() => expect(String(all.errors.at(-1)?.[1])).toMatch(/UTF-8/));
    expect(all.runtime.get('c1')).toEqual({ text: edited });
    expect(all.errors.map(([id, e]) => [id, e.message]).filter(([id]) => id !== 'c1')).toEqual([]);
  });

  it('keep byte order mark and line ends through edits on both sides', async () => {
    await using all = await setUp();
    const marked = `\uFEFF${text.replaceAll('\n', '\r\n')}`;
    await writeFile(all.pathOf('c1'), marked);
    await all.coordinator.sync('c1');
    all.runtime.set('c1', { text: marked.replace('[ ] 1.2', '[x] 1.2') });
    await writeFile(all.pathOf('c1'), marked.replace('[ ] 1.1', '[x] 1.1'));
    await all.coordinator.sync('c1');
    const both = marked.replace('[ ] 1.1', '[x] 1.1').replace('[ ] 1.2', '[x] 1.2');
    expect(await readFile(all.pathOf('c1'), 'utf8')).toBe(both);
    expect(all.runtime.get('c1')).toEqual({ text: both });
  });

  it('bring over the second of two saves at once that are equally long', async () => {
    await using all = await setUp();
    await all.coordinator.start();
    for (let n = 10; n < 40; n++) {
      writeFileSync(all.pathOf('c1'), `- [ ] 1 a${n}\n`);
      writeFileSync(all.pathOf('c1'), `- [ ] 1 b${n}\n`);
      await turns(n % 7);
    }
    await eventually(() => expect(all.runtime.get('c1')).toEqual({ text: '- [ ] 1 b39\n' }));
    expect(all.errors).toEqual([]);
  });

  it('SY3 bring over an edit that takes back what the sync has just written', async () => {
    await using all = await setUp();
    await all.coordinator.start();
    for (let round = 0; round < 10; round++) {
      all.runtime.set('c1', { text: edited });
      await eventually(async () => expect(await readFile(all.pathOf('c1'), 'utf8')).toBe(edited));
      await writeFile(all.pathOf('c1'), text);
      await eventually(() => expect(all.runtime.get('c1')).toEqual({ text }));
    }
    expect(all.errors).toEqual([]);
  });

  it('SY3 bring over an edit that takes back what a sync has read before the watcher', async () => {
    await using all = await setUp({ watcher: { debounceMs: 300, stableMs: 0 } });
    all.runtime.watch = async () => async () => {}; // its echoes would do
    await all.coordinator.start();
    await writeFile(all.pathOf('c1'), edited);
    await all.coordinator.sync('c1');
    expect(all.runtime.get('c1')).toEqual({ text: edited });
    await writeFile(all.pathOf('c1'), text);
    await eventually(() => expect(all.runtime.get('c1')).toEqual({ text }));
  });

  it('are watched all but one that leads to itself', async () => {
    await using all = await setUp();
    await rm(all.pathOf('c1'));
    await symlink('tasks.md', all.pathOf('c1'));
    await all.coordinator.start();
    await eventually(() => expect(all.errors.map(([id]) => id)).toContain('c1'));
    await writeFile(all.pathOf('c2'), edited);
    await eventually(() => expect(all.runtime.get('c2')).toEqual({ text: edited }));
    expect(all.errors.map(([id]) => id)).not.toContain(null);
  });

  it('are watched where a link leads', async () => {
    await using all = await setUp();
    const target = `${all.root}.target.md`;
    await writeFile(target, text);
    await rm(all.pathOf('c1'));
    await symlink(target, all.pathOf('c1'));
    await all.coordinator.start();
    await writeFile(target, edited);
    await eventually(() => expect(all.runtime.get('c1')).toEqual({ text: edited }));
  });
});
