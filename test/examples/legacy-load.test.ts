import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { editTask, recoverSaves, reword } from '../../examples/migrate-zyflow/load/edit-file.ts';
import { LoadGenerator, type LoadTarget } from '../../examples/migrate-zyflow/load/load-generator.ts';
import { findLostWrites } from '../../examples/migrate-zyflow/load/lost-writes.ts';
import { percentile } from '../../examples/migrate-zyflow/load/percentile.ts';
import { SaveLatency } from '../../examples/migrate-zyflow/load/save-latency.ts';
import { WriteLedger } from '../../examples/migrate-zyflow/load/write-ledger.ts';
import { checkboxes } from '../../examples/migrate-zyflow/workspace/checkboxes.ts';
import { generateChanges } from '../../examples/migrate-zyflow/workspace/generate-changes.ts';
import type { Workspace } from '../../examples/migrate-zyflow/workspace/workspace.ts';
import { runs } from '../invariants/runs.ts';
import { ReferenceSystem } from './legacy-reference-system.ts';

let folder: string;
let workspace: Workspace;
let system: ReferenceSystem;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-'));
  const path = join(folder, 'shop');
  const files = await Promise.all(
    generateChanges(5)
      .filter(({ archived }) => !archived)
      .map(async ({ changeId, archived, text }) => {
        const home = join(path, 'openspec', 'changes', changeId);
        await mkdir(home, { recursive: true });
        await writeFile(join(home, 'tasks.md'), text);
        return { changeId, archived, path: join(home, 'tasks.md') };
      }),
  );
  const databaseFile = join(folder, 'none.db');
  workspace = { root: folder, projects: [{ id: 'shop', path, files }], databaseFile, notes: [] };
  system = new ReferenceSystem({ projects: workspace.projects, databaseFile });
  for (const { changeId } of files) await system.sync({ projectId: 'shop', changeId });
});
afterEach(() => rm(folder, { recursive: true }));

const load = (
  target: LoadTarget,
  ledger: WriteLedger,
  options: Partial<Parameters<typeof LoadGenerator.start>[0]> = {},
) => LoadGenerator.start({ workspace, target, ledger, seed: 1, thinkMs: [0, 1], maxOperations: 400, ...options });

describe('the load', () => {
  it('does all kinds of things, ends by itself, and loses nothing in a system that loses nothing', async () => {
    const ledger = new WriteLedger();
    const heard: string[] = [];
    const running = await load(system, ledger, { onReworded: (_change, title) => heard.push(title) });
    await running.done;
    const { records, skipped } = await running.stop();
    expect(records.length + skipped).toBe(400);
    expect(new Set(records.map(({ kind }) => kind)).size).toBe(5);
    expect(records.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(heard.length).toBe(records.filter(({ kind }) => kind === 'reword').length);
    await system.settle();
    expect(ledger.acknowledged).toBe(records.filter(({ kind }) => kind !== 'read').length);
    expect(await findLostWrites(ledger, system, workspace)).toEqual([]);
  });

  it('finds each write that a system acknowledged and did not keep, and no other', async () => {
    const ledger = new WriteLedger();
    const dropped = new Set<string>();
    const lossy: LoadTarget = {
      change: (change) => system.change(change),
      toggle: (change, id) => system.toggle(change, id),
      async update(change, id, fields) {
        const { title } = (await system.change(change)).tasks.find((task) => task.id === id)!;
        const key = `${title} ${Object.keys(fields)}`;
        if (id.endsWith('7')) dropped.add(key);
        else await system.update(change, id, fields);
      },
    };
    const running = await load(lossy, ledger, { mix: { read: 0, update: 1, toggle: 0, reword: 0, tick: 0 } });
    await running.done;
    const lost = await findLostWrites(ledger, system, workspace);
    const named = lost.map(({ task, field }) => `${task} ${field}`);
    expect(dropped.size).toBeGreaterThan(0);
    for (const key of named) expect(dropped).toContain(key);
    // One of three priorities may have been there before.
    for (const key of dropped) if (!key.endsWith(' priority')) expect(named).toContain(key);
  });

  it('looks into the file too for what stands there, and finds tasks that are gone', async () => {
    const [file] = workspace.projects[0]!.files;
    const change = { projectId: 'shop', changeId: file!.changeId };
    const [title, other] = checkboxes(await readFile(file!.path, 'utf8')).map((box) => box.title) as [string, string];
    const ledger = new WriteLedger();
    const shown = (await system.change(change)).tasks.find((task) => task.title === title)!;
    const onlyShown = { change: async () => ({ progress: 0, tasks: [{ ...shown, title: `${title} (r1)` }] }) };
    ledger.begin(change, title, 'title', `${title} (r1)`).acknowledged();
    ledger.begin(change, other, 'assignee', 'mina').acknowledged();
    expect(await findLostWrites(ledger, onlyShown, workspace)).toMatchObject([
      { task: title, field: 'title', where: 'file', found: title },
      { task: other, field: 'assignee', where: 'application', found: null },
    ]);
  });

  it('never has two writers at one field, so that the last one acknowledged is known', async () => {
    const writing = new Set<string>();
    let most = 0;
    const slow: LoadTarget = {
      change: (change) => system.change(change),
      toggle: (change, id) => once(`${change.changeId} ${id} completed`, () => system.toggle(change, id)),
      update: (change, id, fields) =>
        once(`${change.changeId} ${id} ${Object.keys(fields)}`, () => system.update(change, id, fields)),
    };
    const once = async <T>(key: string, write: () => Promise<T>) => {
      expect(writing).not.toContain(key);
      writing.add(key);
      most = Math.max(most, writing.size);
      await new Promise((resolve) => setTimeout(resolve, 2));
      writing.delete(key);
      return write();
    };
    const mix = { read: 0, update: 3, toggle: 1, reword: 0, tick: 0 };
    const running = await load(slow, new WriteLedger(), { mix, clients: 80, maxOperations: 2000 });
    await running.done;
    const { records } = await running.stop();
    expect(most).toBeGreaterThan(10);
    expect(records.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('keeps an error of the target in the record, and takes the write for possible', async () => {
    const ledger = new WriteLedger();
    const failing: LoadTarget = {
      change: (change) => system.change(change),
      toggle: () => Promise.reject(new Error('down')),
      update: () => Promise.reject(new Error('down')),
    };
    const running = await load(failing, ledger, { maxOperations: 100 });
    await running.done;
    const { records } = await running.stop();
    const failed = records.filter(({ error }) => error !== undefined);
    expect(failed.length).toBeGreaterThan(0);
    expect(
      failed.every(({ kind, error }) => ['toggle', 'update'].includes(kind) && String(error) === 'Error: down'),
    ).toBe(true);
    await system.settle();
    expect(await findLostWrites(ledger, system, workspace)).toEqual([]);
  });

  it('ends when it is stopped and when its signal aborts', async () => {
    const forever = { maxOperations: 1e9 };
    const stopped = await load(system, new WriteLedger(), forever);
    expect((await stopped.stop()).records.length).toBeLessThan(100);
    const aborted = await load(system, new WriteLedger(), { ...forever, signal: AbortSignal.abort() });
    await aborted.done;
  });
});

describe('the ledger', () => {
  const change = { projectId: 'p', changeId: 'c' };

  it('expects the last acknowledged value, or a later one that nobody knows of', () => {
    const ledger = new WriteLedger();
    const write = (value: string) => ledger.begin(change, 'a task', 'assignee', value);
    write('never acknowledged').failed();
    expect(ledger.expected()).toEqual([]);
    write('first').acknowledged();
    write('second').acknowledged();
    write('third').failed();
    expect(ledger.expected()).toEqual([
      { change, task: 'a task', field: 'assignee', value: 'second', orElse: ['third'] },
    ]);
    write('unknown').acknowledged('fourth');
    expect(ledger.expected()).toMatchObject([{ value: 'fourth', orElse: [] }]);
    expect(ledger.acknowledged).toBe(3);
  });
});

describe('an edit of a file', () => {
  it('changes one line, whatever the shape of the file', async () => {
    const file = join(folder, 'edited.md');
    const text = fc.constantFrom(...generateChanges(9).map((change) => change.text));
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.nat(),
        fc.boolean(),
        fc.constantFrom('atomic', 'in-place'),
        async (before, n, completed, mode) => {
          await writeFile(file, before);
          const boxes = checkboxes(before);
          const box = boxes[n % boxes.length]!;
          const first = boxes.find(({ title }) => title === box.title)!;
          editTask(file, box.title, (title) => ({ title: `${title} $&`, completed }), mode);
          const after = await readFile(file, 'utf8');
          const differing = after.split('\n').flatMap((line, at) => (line === before.split('\n')[at] ? [] : [at]));
          expect(differing).toEqual([first.line]);
          expect(checkboxes(after)[boxes.indexOf(first)]).toEqual({
            title: `${box.title} $&`,
            completed,
            line: first.line,
          });
          expect(after.match(/\r/g)?.length).toBe(before.match(/\r/g)?.length);
        },
      ),
      runs(60),
    );
  });

  it('numbers the wordings of a title, and leaves files without the task alone', async () => {
    const file = join(folder, 'titles.md');
    await writeFile(file, '- [x] x\n');
    expect(reword(file, 'x', 'atomic')).toBe('x (r1)');
    expect(await readFile(file, 'utf8')).toBe('- [x] x (r1)\n');
    await writeFile(file, '- [ ] 1.1 A task (really)\n');
    expect(reword(file, 'A task (really)', 'atomic')).toBe('A task (really) (r1)');
    expect(reword(file, 'A task (really)', 'in-place')).toBe('A task (really) (r2)');
    expect(reword(file, 'Another', 'atomic')).toBeNull();
    expect(await readFile(file, 'utf8')).toBe('- [ ] 1.1 A task (really) (r2)\n');
  });
});

describe('what is measured of the load', () => {
  it('a save is over when its wording, or a later one, is shown', () => {
    const change = { projectId: 'p', changeId: 'c' };
    const latency = new SaveLatency();
    latency.saved(change, 'a (r1)');
    latency.saved(change, 'a (r2)');
    latency.saved(change, 'b (r1)');
    latency.shown({ ...change, projectId: 'other' }, ['a (r2)', 'b (r1)']);
    latency.shown(change, ['a', 'b']);
    expect([latency.samples.length, latency.waiting]).toEqual([0, 3]);
    latency.shown(change, ['a (r2)', 'b']);
    expect([latency.samples.length, latency.waiting]).toEqual([2, 1]);
    latency.shown(change, ['b (r5)']);
    expect([latency.samples.length, latency.waiting]).toEqual([3, 0]);
  });

  it('percentiles are by nearest rank', () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([1, 50, 90, 95, 100].map((p) => percentile(values, p))).toEqual([1, 5, 9, 10, 10]);
    expect(percentile([], 50)).toBeNaN();
  });
});

describe('a save in place', () => {
  it('leaves nothing beside the file, and is finished after a kill that came while the file was empty', async () => {
    const { path } = workspace.projects[0]!.files[0]!;
    const task = firstTitleOf(await readFile(path, 'utf8'));
    reword(path, task, 'in-place');
    const saved = await readFile(path, 'utf8');
    expect((await readdir(dirname(path))).sort()).toEqual(['tasks.md']);

    await writeFile(`${path}.backup`, saved);
    await writeFile(path, '');
    recoverSaves([path]);
    recoverSaves([path]);
    expect(await readFile(path, 'utf8')).toBe(saved);
    expect(await readdir(dirname(path))).toEqual(['tasks.md']);
  });
});

const firstTitleOf = (text: string) => checkboxes(text)[0]!.title;
