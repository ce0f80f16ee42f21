import { readdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import { StateReplica } from '../../src/sync/state-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';
import { TasksFileReplica } from '../../src/tasks/tasks-file-replica.ts';
import { type TasksFile, tasksMerger } from '../../src/tasks/tasks-merger.ts';
import { runs } from '../invariants/runs.ts';
import { eventually, newFolder, turns } from '../sync/watched-folder.ts';

const text =
  '# Plan\r\n\r\n- [ ] 1.1 Write the parser\r\n  with notes\t\r\n- [ ] 1.2 Test it\r\n\r\nAn end without line end';

async function setUp(ids = ['change-1']) {
  const temporary = await newFolder();
  const { folder } = temporary;
  const pathOf = (id: string) => join(folder, id, 'tasks.md');
  for (const id of ids) {
    await mkdir(join(folder, id));
    await writeFile(pathOf(id), text);
  }
  const spec = new TasksFileReplica(folder);
  return { folder, pathOf, spec, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() };
}

describe('TasksFileReplica', () => {
  it('writes by compare-and-set, atomically, and leaves nothing beside the file', async () => {
    await using all = await setUp();
    const { folder, spec, pathOf } = all;
    await chmod(pathOf('change-1'), 0o640);
    const { state, version } = await spec.read('change-1');
    expect(state).toEqual({ text });
    const writes = ['x', 'y'].map((end) => spec.write('change-1', { text: text + end }, { expectedVersion: version }));
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(['written', 'conflict']);
    expect(await readFile(pathOf('change-1'), 'utf8')).toBe(`${text}x`);
    expect((await stat(pathOf('change-1'))).mode & 0o777).toBe(0o640);
    expect(await readdir(join(folder, 'change-1'))).toEqual(['tasks.md']);
  });

  it('SY3 never replaces what an editor saves in place meanwhile', async () => {
    await using all = await setUp();
    const { spec, pathOf } = all;
    for (let round = 0; round < 60; round++) {
      const { version } = await spec.read('change-1');
      let ended = false;
      const writing = spec.write('change-1', { text: `ours ${round}` }, { expectedVersion: version }).finally(() => {
        ended = true;
      });
      // In the moment before the new file takes the old one's name.
      while (!ended && readdirSync(join(all.folder, 'change-1')).length < 3) await turns(1);
      await turns(round % 6);
      writeFileSync(pathOf('change-1'), `the editor's ${round}`);
      await writing;
      expect(await readFile(pathOf('change-1'), 'utf8')).toBe(`the editor's ${round}`);
    }
  });

  it('makes and removes files', async () => {
    await using all = await setUp();
    const { spec, pathOf } = all;
    expect(await spec.read('new')).toEqual({ state: undefined, version: '' });
    const created = ['a', 'b'].map((one) => spec.write('new', { text: one }, { expectedVersion: '' }));
    expect((await Promise.all(created)).map(({ status }) => status)).toEqual(['written', 'conflict']);
    expect(await readFile(pathOf('new'), 'utf8')).toBe('a');
    const ids: string[] = [];
    for await (const id of spec.ids()) ids.push(id);
    expect(ids.toSorted()).toEqual(['change-1', 'new']);
    const { version } = await spec.read('new');
    expect(await spec.write('new', undefined, { expectedVersion: 'another' })).toEqual({ status: 'conflict' });
    expect(await spec.write('new', undefined, { expectedVersion: version })).toEqual({
      status: 'written',
      version: '',
    });
    expect(await readdir(join(all.folder, 'new'))).toEqual([]);
  });

  it('writes through a link, and refuses what is no folder name or no UTF-8', async () => {
    await using all = await setUp();
    const { folder, spec, pathOf } = all;
    await mkdir(join(folder, 'linked'));
    await symlink(pathOf('change-1'), pathOf('linked'));
    await spec.write('linked', { text: 'new' }, { expectedVersion: (await spec.read('linked')).version });
    expect(await readFile(pathOf('change-1'), 'utf8')).toBe('new');
    for (const id of ['', '..', 'a/b', 'a\\b', '\0'])
      await expect(spec.read(id)).rejects.toThrow(/the name of one folder/);
    await writeFile(pathOf('change-1'), Buffer.from([0xff, 0xfe]));
    await expect(spec.read('change-1')).rejects.toThrow(/not UTF-8/);
  });

  it('SY5 what no change touches stays, byte for byte, through edits on both sides', async () => {
    await using all = await setUp();
    const { spec, pathOf } = all;
    const runtime = new MemoryReplica<TasksFile>();
    await using coordinator = new SyncCoordinator<TasksFile>({ spec, runtime, merger: tasksMerger });
    await coordinator.sync('change-1');
    expect(runtime.get('change-1')).toEqual({ text });
    const parsed = TasksDocument.parse(text);
    runtime.set('change-1', { text: parsed.setCompleted(parsed.tasks[0]!.taskUid, true).toString() });
    await writeFile(pathOf('change-1'), text.replace('Test it', 'Test all of it'));
    const { conflicts } = await coordinator.sync('change-1');
    expect(conflicts).toEqual([]);
    const both = text.replace('- [ ] 1.1', '- [x] 1.1').replace('Test it', 'Test all of it');
    expect(await readFile(pathOf('change-1'), 'utf8')).toBe(both);
    expect(runtime.get('change-1')).toEqual({ text: both });
  });

  it('SY5 any text goes to the runtime and back as it is', async () => {
    await using all = await setUp();
    const { spec } = all;
    const unit = fc.constantFrom('\uFEFF', '\r\n', '\n', '\r', '\t', ' ', '- [ ] a', '# h', '```', '한', '\0');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, maxLength: 20 }), async (any) => {
        const { version } = await spec.read('change-1');
        await spec.write('change-1', { text: any }, { expectedVersion: version });
        expect((await spec.read('change-1')).state).toEqual({ text: any });
      }),
      runs(20),
    );
  });

  it('keeps a conflict of one task until it is decided, and then writes that task alone', async () => {
    await using all = await setUp();
    const { spec, pathOf } = all;
    const runtime = new MemoryReplica<TasksFile>();
    await using coordinator = new SyncCoordinator<TasksFile>({ spec, runtime, merger: tasksMerger });
    await coordinator.sync('change-1');
    await writeFile(pathOf('change-1'), text.replace('the parser', 'the printer'));
    runtime.set('change-1', { text: text.replace('the parser', 'the lexer') });
    const { conflicts } = await coordinator.sync('change-1');
    expect(conflicts).toHaveLength(1);
    expect(await readFile(pathOf('change-1'), 'utf8')).toBe(text);
    const note = { strategy: 'ana', reason: 'she owns it' };
    await coordinator.resolveConflicts('change-1', [ConflictResolution.choose(conflicts[0]!, 'remote', note)]);
    expect(await readFile(pathOf('change-1'), 'utf8')).toBe(text.replace('the parser', 'the lexer'));
  });

  it('is watched: what is saved is in the runtime soon after, and the other way round', async () => {
    await using all = await setUp(['change-1', 'change-2']);
    const { spec, pathOf } = all;
    const states = new StateManager<TasksFile>();
    const runtime = new StateReplica<TasksFile>(states, { ids: () => ['change-1', 'change-2'] });
    await using coordinator = new SyncCoordinator<TasksFile>({ spec, runtime, merger: tasksMerger });
    await coordinator.start();
    await writeFile(pathOf('change-1'), `${text}\n- [ ] 2 new\n`);
    await eventually(async () => expect((await states.get('change-1'))?.state.text).toContain('2 new'));
    await states.update('change-2', () => ({ text: '- [x] all\n' }));
    await eventually(async () => expect(await readFile(pathOf('change-2'), 'utf8')).toBe('- [x] all\n'));
  });

  it('say which folder is to hold them, if that is not there or is no folder', async () => {
    await using all = await setUp();
    for (const root of [join(all.folder, 'nowhere'), all.pathOf('change-1')]) {
      const listed = new TasksFileReplica(root).ids()[Symbol.asyncIterator]().next();
      await expect(listed).rejects.toThrow(
        expect.objectContaining({ code: 'STORAGE_FAILED', operation: `list "${root}"`, cause: expect.any(Error) }),
      );
    }
  });
});
