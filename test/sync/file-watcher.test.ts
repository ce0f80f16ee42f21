import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileWatchError } from '../../src/sync/errors.ts';
import { FileWatcher } from '../../src/sync/file-watcher.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from '../invariants/runs.ts';
import { advanceWithFiles, eventually, newFolder, RecordingWatcher, turns } from './watched-folder.ts';

/** A marker file: when its change is reported, everything done before it has long been seen. */
async function seenSoFar(watcher: RecordingWatcher, folder: string): Promise<void> {
  const marker = `marker-${watcher.changes.length}-${Math.random().toString(36).slice(2)}`;
  writeFileSync(join(folder, marker), 'x');
  await eventually(() => expect(watcher.changes.some((change) => change.path.endsWith(marker))).toBe(true));
}

const withoutMarkers = (watcher: RecordingWatcher) => watcher.story.filter((line) => !line.includes('marker-'));

describe('FileWatcher of a file', () => {
  it('reports a saved content with its hashes, under the path it was given', async () => {
    await using temporary = await newFolder();
    const file = relative(process.cwd(), join(temporary.folder, 'tasks.md'));
    writeFileSync(file, 'one');
    await using watcher = new RecordingWatcher(file);
    await watcher.start();
    expect([...watcher.files.keys()]).toEqual([file]);
    const before = watcher.files.get(file);
    writeFileSync(file, 'two');
    await eventually(() => expect(watcher.changes.length).toBe(1));
    const [change] = watcher.changes;
    expect(change).toEqual({
      path: file,
      kind: 'changed',
      hash: watcher.files.get(file),
      previousHash: before,
      text: 'two',
    });
    expect(Object.isFrozen(change)).toBe(true);
  });

  it('reports a file written beside and renamed over it as one change, each time', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, '0');
    await using watcher = new RecordingWatcher(file);
    await watcher.start();
    for (let save = 1; save <= 5; save++) {
      writeFileSync(`${file}.tmp`, `${save}`);
      await rename(`${file}.tmp`, file);
      await eventually(() => expect(watcher.story.at(-1)).toBe(`changed tasks.md: ${save}`));
    }
    expect(watcher.changes.map(({ kind }) => kind)).toEqual(Array(5).fill('changed'));
  });

  it('reports the last of many saves in place and by rename, however quick they are', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    await writeFile(file, '0');
    await using watcher = new RecordingWatcher(file, { debounceMs: 1, stableMs: 1 });
    await watcher.start();
    for (let save = 1; save <= 300; save++) {
      if (save % 2 === 0) {
        await writeFile(file, `save ${save}`);
      } else {
        await writeFile(`${file}.tmp`, `save ${save}`);
        await rename(`${file}.tmp`, file);
      }
    }
    await eventually(() => expect(watcher.story.at(-1)).toBe('changed tasks.md: save 300'));
    expect(watcher.changes.filter(({ kind }) => kind !== 'changed')).toEqual([]);
  });

  it('reports its removal and its return', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    await using watcher = new RecordingWatcher(file, { graceMs: 30 });
    await watcher.start();
    for (let round = 0; round < 3; round++) {
      await rm(file);
      await eventually(() => expect(watcher.story.at(-1)).toBe('removed tasks.md'));
      expect(watcher.files.size).toBe(0);
      writeFileSync(file, 'one');
      await eventually(() => expect(watcher.story.at(-1)).toBe('added tasks.md: one'));
    }
    expect(watcher.changes.length).toBe(6);
  });

  it('takes removing and writing again, as some editors save, for one change', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    await using watcher = new RecordingWatcher(file, { graceMs: 5000 });
    await watcher.start();
    rmSync(file);
    writeFileSync(file, 'two');
    await eventually(() => expect(watcher.story).toEqual(['changed tasks.md: two']));
  });

  it('sees a file that did not exist at the start', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'later.md');
    await using watcher = new RecordingWatcher(file);
    await watcher.start();
    writeFileSync(join(temporary.folder, 'other.md'), 'not ours');
    writeFileSync(file, 'one');
    await eventually(() => expect(watcher.story).toEqual(['added later.md: one']));
  });

  it('does not report touching, saving the same again or replacing by an equal file', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    await using watcher = new RecordingWatcher(temporary.folder);
    await watcher.start();
    await utimes(file, new Date(), new Date());
    writeFileSync(file, 'one');
    writeFileSync(`${file}~`, 'one');
    await rename(`${file}~`, file);
    await seenSoFar(watcher, temporary.folder);
    expect(withoutMarkers(watcher)).toEqual([]);
  });

  it('never reports part of a save whose parts come within the quiet time', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'first half, second half');
    const clock = new FakeClock();
    await using watcher = new RecordingWatcher(file, { clock });
    await watcher.start();

    const handle = await open(file, 'w'); // truncates
    await eventually(() => expect(clock.pending).toBeGreaterThan(0));
    await clock.advance(19);
    await handle.write('first half, ');
    // Time goes on only while the watcher waits, so both halves fall within its quiet time or between its two looks.
    await handle.write('second half!');
    await handle.close();
    await eventually(async () => {
      await clock.advance(5);
      expect(watcher.changes.length).toBeGreaterThan(0);
    });
    expect(watcher.story).toEqual(['changed tasks.md: first half, second half!']);
  });

  it('takes a content only when two looks in a row agree', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    const clock = new FakeClock();
    await using watcher = new RecordingWatcher(file, { clock, debounceMs: 20, stableMs: 10 });
    await watcher.start();
    writeFileSync(file, 'tw');
    await eventually(() => expect(clock.pending).toBe(1)); // it waits for quiet
    for (const text of ['two ', 'two a', 'two and', 'two and three']) {
      await clock.advance(20);
      await eventually(() => expect(clock.pending).toBe(1)); // it has looked and waits to look again
      writeFileSync(`${file}.tmp`, text);
      await rename(`${file}.tmp`, file);
    }
    expect(watcher.changes).toEqual([]);
    await eventually(async () => {
      await clock.advance(5);
      expect(watcher.changes.length).toBe(1);
    });
    expect(watcher.story).toEqual(['changed tasks.md: two and three']);
  });

  it('waits until nothing has happened to the file for the quiet time', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    const clock = new FakeClock();
    await using watcher = new RecordingWatcher(temporary.folder, { clock, debounceMs: 20, stableMs: 10 });
    await watcher.start();
    writeFileSync(file, 'two');
    await eventually(() => expect(clock.pending).toBe(1));
    await clock.advance(19);
    writeFileSync(file, 'three');
    writeFileSync(join(temporary.folder, 'marker'), 'x');
    await eventually(() => expect(clock.pending).toBe(2)); // the marker's event comes last
    await advanceWithFiles(clock, 19);
    expect(watcher.changes).toEqual([]);
    await eventually(async () => {
      await clock.advance(5);
      expect(watcher.changes.length).toBe(2);
    });
    expect(watcher.story.toSorted()).toEqual(['added marker: x', 'changed tasks.md: three']);
  });

  it('waits longer before it takes a truncated file for an emptied one', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    const clock = new FakeClock();
    await using watcher = new RecordingWatcher(file, { clock, debounceMs: 20, stableMs: 10, graceMs: 100 });
    await watcher.start();
    const handle = await open(file, 'w');
    await eventually(() => expect(clock.pending).toBe(1)); // it waits for quiet
    await clock.advance(20);
    await eventually(() => expect(clock.pending).toBe(1)); // it has found an empty file and waits
    await advanceWithFiles(clock, 90);
    expect(watcher.changes).toEqual([]);
    await handle.write('two');
    await handle.close();
    await eventually(async () => {
      await clock.advance(5);
      expect(watcher.story).toEqual(['changed tasks.md: two']);
    });
    writeFileSync(file, '');
    await eventually(async () => {
      await clock.advance(5);
      expect(watcher.story.at(-1)).toBe('changed tasks.md: ');
    });
  });

  it('gives no text where the content is not UTF-8', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'data.bin');
    await using watcher = new RecordingWatcher(file);
    await watcher.start();
    writeFileSync(file, Uint8Array.of(0x80, 0xff));
    await eventually(() => expect(watcher.changes.length).toBe(1));
    expect(watcher.changes[0]).toMatchObject({ kind: 'added', text: null });
    writeFileSync(file, '\uFEFF가\r\n');
    await eventually(() => expect(watcher.changes.at(-1)?.text).toBe('\uFEFF가\r\n'));
  });
});

describe('FileWatcher of folders', () => {
  it('reports files of any depth, in folders made, moved, replaced and removed meanwhile', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    const errors: unknown[] = [];
    await using watcher = new RecordingWatcher(folder, { graceMs: 30, onError: (error) => errors.push(error) });
    await watcher.start();
    const shows = (line: string) => eventually(() => expect(watcher.story.at(-1)).toBe(line));

    await mkdir(join(folder, 'a/b/c'), { recursive: true });
    writeFileSync(join(folder, 'a/b/c/deep.md'), '1');
    await shows('added deep.md: 1');
    await rename(join(folder, 'a'), join(folder, 'moved'));
    await eventually(() => expect(watcher.story.slice(1).toSorted()).toEqual(['added deep.md: 1', 'removed deep.md']));
    writeFileSync(join(folder, 'moved/b/c/deep.md'), '2');
    await shows('changed deep.md: 2');
    for (let round = 0; round < 3; round++) {
      rmSync(join(folder, 'moved'), { recursive: true });
      mkdirSync(join(folder, 'moved/b/c'), { recursive: true });
      writeFileSync(join(folder, 'moved/b/c/deep.md'), `round ${round}`);
      await shows(`changed deep.md: round ${round}`);
      writeFileSync(join(folder, 'moved/b/c/deep.md'), `round ${round} again`);
      await shows(`changed deep.md: round ${round} again`);
      writeFileSync(join(folder, `moved/b/c/new-${round}.md`), '1');
      await shows(`added new-${round}.md: 1`);
      await rm(join(folder, `moved/b/c/new-${round}.md`));
      await shows(`removed new-${round}.md`);
    }
    await rm(join(folder, 'moved'), { recursive: true });
    await shows('removed deep.md');
    expect(errors).toEqual([]);
  });

  it('loses nothing to what is done while a new folder is being looked at', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    await using watcher = new RecordingWatcher(folder, { graceMs: 20 });
    await watcher.start();
    for (let count = 0; count < 60; count++) {
      mkdirSync(join(folder, `${count}`));
      await turns(count % 20);
      writeFileSync(join(folder, `${count}/a.md`), 'a');
      mkdirSync(join(folder, `${count}/inner`));
      await turns(count % 20);
      writeFileSync(join(folder, `${count}/inner/b.md`), 'b');
    }
    await eventually(() => expect(watcher.changes.length).toBe(120));
    expect(watcher.changes.filter(({ kind }) => kind !== 'added')).toEqual([]);
  });

  it('follows a folder that is replaced faster than anybody looks', async () => {
    await using temporary = await newFolder();
    const inner = join(temporary.folder, 'changes/one');
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(inner, 'old.md'), 'old');
    await using watcher = new RecordingWatcher(temporary.folder, { graceMs: 20 });
    await watcher.start();
    for (let round = 0; round < 3; round++) {
      rmSync(join(temporary.folder, 'changes'), { recursive: true });
      mkdirSync(inner, { recursive: true });
      writeFileSync(join(inner, 'old.md'), `old ${round}`);
      await eventually(() => expect(watcher.story).toContain(`changed old.md: old ${round}`));
      for (const name of ['first', 'second', 'third']) {
        writeFileSync(join(inner, `${name}-${round}.md`), 'new');
        await eventually(() => expect(watcher.story).toContain(`added ${name}-${round}.md: new`));
      }
    }
  });

  it('sees that files went with their folder, even those removed and made again just before', async () => {
    await using temporary = await newFolder();
    await using outside = await newFolder();
    await using watcher = new RecordingWatcher(temporary.folder, { graceMs: 20 });
    await watcher.start();
    for (let count = 0; count < 15; count++) {
      const folder = join(temporary.folder, `folder-${count}`);
      const file = join(folder, `file-${count}.md`);
      mkdirSync(folder);
      writeFileSync(file, 'one');
      await eventually(() => expect(watcher.story.at(-1)).toBe(`added file-${count}.md: one`));
      rmSync(file);
      await pause(count * 2);
      writeFileSync(file, 'one');
      await pause(count * 2);
      renameSync(folder, join(outside.folder, `folder-${count}`));
      await eventually(() => expect(watcher.story.at(-1)).toBe(`removed file-${count}.md`));
    }
  });

  it('reports each of many files, handling no more at once than it may', async () => {
    await using temporary = await newFolder();
    await using watcher = new RecordingWatcher(temporary.folder, { concurrency: 4 });
    let handling = 0;
    let most = 0;
    watcher.onChange = async () => {
      most = Math.max(most, ++handling);
      await new Promise((resolve) => setImmediate(resolve));
      handling--;
    };
    await watcher.start();
    const names = Array.from({ length: 200 }, (_, index) => `file-${index}.md`);
    for (const name of names) writeFileSync(join(temporary.folder, name), name);
    await eventually(() => expect(watcher.changes.length).toBe(200));
    expect(watcher.story.toSorted()).toEqual(names.map((name) => `added ${name}: ${name}`).toSorted());
    expect(most).toBeLessThanOrEqual(4);
  });

  it('leaves out the files and folders it is told to', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    await mkdir(join(folder, 'node_modules'));
    await using watcher = new RecordingWatcher(folder, {
      includeFile: (path) => path.endsWith('.md'),
      includeFolder: (path) => !path.endsWith('node_modules'),
    });
    await watcher.start();
    writeFileSync(join(folder, 'node_modules/a.md'), 'no');
    writeFileSync(join(folder, 'a.txt'), 'no');
    writeFileSync(join(folder, 'a.md'), 'yes');
    await eventually(() => expect(watcher.story).toEqual(['added a.md: yes']));
  });

  it('names files below several folders by the folder as given', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    await mkdir(join(folder, 'a'));
    await mkdir(join(folder, 'b'));
    await using watcher = new RecordingWatcher([`${folder}/a`, `${folder}/b/`]);
    await watcher.start();
    writeFileSync(join(folder, 'a/x.md'), 'x');
    writeFileSync(join(folder, 'b/y.md'), 'y');
    await eventually(() => expect(watcher.changes.length).toBe(2));
    expect(watcher.changes.map(({ path }) => path).toSorted()).toEqual([`${folder}/a/x.md`, `${folder}/b/y.md`]);
  });

  it('says so, once, when the watched folder itself goes', async () => {
    await using temporary = await newFolder();
    for (let count = 0; count < 20; count++) {
      const folder = join(temporary.folder, `changes-${count}`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'a.md'), 'a');
      const errors: unknown[] = [];
      await using watcher = new RecordingWatcher(folder, { graceMs: 5, onError: (error) => errors.push(error) });
      await watcher.start();
      rmSync(join(folder, 'a.md'));
      await turns(count * 2);
      rmdirSync(folder);
      await eventually(() => expect(watcher.story).toEqual(['removed a.md']));
      await eventually(() => expect(errors.length).toBe(1));
      expect(errors[0]).toBeInstanceOf(FileWatchError);
      expect(errors[0]).toMatchObject({ code: 'FILE_WATCH_FAILED', path: folder });
    }
  });

  it('always ends with the last content of every file, whatever was done to it', async () => {
    const name = fc.constantFrom('a', 'b', 'd/c', 'd/e/f');
    const operation = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constantFrom('write', 'replace', 'append'),
          name,
          text: fc.constantFrom('', '1', '22'),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), name, text: fc.constant('') }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'remove folder', name: 'd', text: '' }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'pause', name: '', text: '' }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), fc.nat({ max: 10 }), async (operations, before) => {
        await using temporary = await newFolder();
        const { folder } = temporary;
        const perform = async ({ kind, name: file, text }: (typeof operations)[number]) => {
          const path = join(folder, file);
          if (kind === 'pause') await pause(2);
          else if (kind === 'remove' || kind === 'remove folder') await rm(path, { recursive: true, force: true });
          else {
            await mkdir(join(path, '..'), { recursive: true });
            if (kind === 'append') await appendFile(path, text);
            else if (kind === 'write') await writeFile(path, text);
            else {
              await writeFile(join(folder, 'temporary'), text);
              await rename(join(folder, 'temporary'), path);
            }
          }
        };
        for (const one of operations.slice(0, before)) await perform(one);
        const options = { debounceMs: 1, stableMs: 1, graceMs: 3, known: new Map<string, string>() };
        await using watcher = new RecordingWatcher(folder, options);
        const started = watcher.start();
        for (const one of operations.slice(before)) await perform(one);
        await started;
        const reported = () => {
          const files = new Map<string, string>();
          for (const { path, kind, text } of watcher.changes) {
            if (kind === 'added') expect(files.has(path)).toBe(false);
            else expect(files.has(path)).toBe(true);
            if (text === null) files.delete(path);
            else files.set(path, text);
          }
          return files;
        };
        const actual = new Map<string, string>();
        for (const file of ['a', 'b', 'd/c', 'd/e/f']) {
          const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
          if (text !== undefined) actual.set(join(folder, file), text);
        }
        await eventually(() => expect(reported()).toEqual(actual));
      }),
      runs(25),
    );
  });
});

describe('FileWatcher from start to close', () => {
  it('reports at the start what differs from what is known', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    for (const name of ['same', 'edited', 'gone']) writeFileSync(join(folder, name), name);
    const first = new RecordingWatcher(folder);
    await first.start();
    const known = first.files;
    await first.close();
    expect(known.size).toBe(3);

    writeFileSync(join(folder, 'edited'), 'while nobody watched');
    await rm(join(folder, 'gone'));
    writeFileSync(join(folder, 'new'), 'new');
    await using second = new RecordingWatcher(folder, { known });
    await second.start();
    const expected = ['added new: new', 'changed edited: while nobody watched', 'removed gone'];
    expect(second.story.toSorted()).toEqual(expected);
    expect(second.changes.find(({ kind }) => kind === 'changed')?.previousHash).toBe(known.get(join(folder, 'edited')));
    expect(second.files.size).toBe(3);
  });

  it('misses no edit made while it starts', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, '0');
    for (let round = 1; round <= 10; round++) {
      await using watcher = new RecordingWatcher(file, { debounceMs: 1, stableMs: 1 });
      const before = new RecordingWatcher(file);
      await before.start();
      const known = before.files;
      await before.close();
      await using resumed = new RecordingWatcher(file, { debounceMs: 1, stableMs: 1, known });
      const started = Promise.all([watcher.start(), resumed.start()]);
      writeFileSync(file, `${round}`);
      await started;
      // Without `known` the edit was found at the start or is reported; with it, it is reported in any case.
      await eventually(() => expect(resumed.story.at(-1)).toBe(`changed tasks.md: ${round}`));
      await eventually(() => expect(watcher.files).toEqual(resumed.files));
    }
  });

  it('reports an edit made after a file was read, while others are still being read', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    for (let count = 0; count < 300; count++) writeFileSync(join(folder, `${count}.md`), 'one');
    await using watcher = new RecordingWatcher(folder, { concurrency: 1 });
    const started = watcher.start();
    while (watcher.files.size === 0) await turns(1);
    const [first] = watcher.files.keys();
    writeFileSync(first!, 'two');
    expect(watcher.files.size).toBeLessThan(300);
    await started;
    await eventually(() => expect(watcher.changes.map(({ path, text }) => [path, text])).toEqual([[first, 'two']]));
  });

  it('reports an edit made while its handler runs', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    await using watcher = new RecordingWatcher(temporary.folder);
    watcher.onChange = async ({ text }) => {
      if (text !== 'two') return;
      writeFileSync(file, 'three');
      await seenSoFar(watcher, temporary.folder); // its events have come
    };
    await watcher.start();
    writeFileSync(file, 'two');
    const expected = ['changed tasks.md: two', 'changed tasks.md: three'];
    await eventually(() => expect(withoutMarkers(watcher)).toEqual(expected));
  });

  it('reports a change again until its handler succeeds, each failure going to onError', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    const errors: unknown[] = [];
    await using watcher = new RecordingWatcher(file, { backoff: { maxMs: 1 }, onError: (error) => errors.push(error) });
    let failures = 2;
    watcher.onChange = () => {
      if (failures-- > 0) throw new Error('handler down');
    };
    await watcher.start();
    writeFileSync(file, 'two');
    await eventually(() => expect(watcher.files.get(file)).toBe(watcher.changes.at(-1)?.hash));
    expect(watcher.story).toEqual(Array(3).fill('changed tasks.md: two'));
    expect(errors.map((error) => (error as Error).cause)).toEqual([
      new Error('handler down'),
      new Error('handler down'),
    ]);
  });

  it('gives a change up after the attempts it has, until the next event of the file', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    writeFileSync(file, 'one');
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    await using watcher = new RecordingWatcher(temporary.folder, { attempts: 3, backoff: { maxMs: 1 }, onError });
    let down = true;
    watcher.onChange = ({ path }) => {
      if (down && path === file) throw new Error('handler down');
    };
    await watcher.start();
    const before = watcher.files.get(file);
    writeFileSync(file, 'two');
    await eventually(() => expect(errors.length).toBe(3));
    await seenSoFar(watcher, temporary.folder);
    expect(errors.length).toBe(3);
    expect(watcher.files.get(file)).toBe(before);
    down = false;
    await utimes(file, new Date(), new Date());
    await eventually(() => expect(watcher.files.get(file)).not.toBe(before));
    expect(watcher.changes.at(-1)).toMatchObject({ kind: 'changed', text: 'two', previousHash: before });
  });

  it('waits on close for the handler that runs, and reports nothing afterwards', async () => {
    await using temporary = await newFolder();
    const { folder } = temporary;
    const watcher = new RecordingWatcher(folder, { concurrency: 1 });
    let release = () => {};
    let done = false;
    watcher.onChange = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      done = true;
    };
    await watcher.start();
    // The second file has been looked at once when the first one's handler holds the only place.
    for (const name of ['one', 'two']) writeFileSync(join(folder, name), name);
    await eventually(() => expect(watcher.changes.length).toBe(1));
    const closed = watcher.close().then(() => expect(done).toBe(true));
    writeFileSync(join(folder, 'three'), 'three');
    release();
    await closed;
    await watcher.close();
    expect(watcher.changes.length).toBe(1);
  });

  it('tells of a handler that fails while the watcher is being closed', async () => {
    await using temporary = await newFolder();
    const file = join(temporary.folder, 'tasks.md');
    const errors: unknown[] = [];
    const watcher = new RecordingWatcher(file, { onError: (error) => errors.push(error) });
    let closed: Promise<void> | undefined;
    watcher.onChange = () => {
      closed = watcher.close();
      throw new Error('handler down');
    };
    await watcher.start();
    writeFileSync(file, 'one');
    await eventually(() => expect(closed).toBeDefined());
    await closed;
    expect(errors).toMatchObject([{ path: file, cause: new Error('handler down') }]);
    expect(watcher.changes.length).toBe(1);
  });

  it('can be closed while it starts, and not started again', async () => {
    await using temporary = await newFolder();
    const watcher = new FileWatcher(temporary.folder);
    const started = watcher.start();
    await Promise.all([expect(started).rejects.toMatchObject({ code: 'CLOSED' }), watcher.close()]);
    await expect(watcher.start()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('stops starting when its signal aborts', async () => {
    await using temporary = await newFolder();
    const reason = new Error('enough');
    const watcher = new FileWatcher(temporary.folder);
    await expect(watcher.start({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('refuses a path that is not there, nor its folder', async () => {
    await using temporary = await newFolder();
    const watcher = new FileWatcher(join(temporary.folder, 'no/such/file.md'));
    await expect(watcher.start()).rejects.toBeInstanceOf(FileWatchError);
  });

  it('refuses paths and options of the wrong kind', () => {
    expect(() => new FileWatcher('')).toThrow(/path\[0\]: expected a path/);
    expect(() => new FileWatcher([])).toThrow(/path: expected a path or several/);
    expect(() => new FileWatcher('a\0b')).toThrow(/without NUL/);
    expect(() => new FileWatcher('a', { debounceMs: -1 })).toThrow(/options.debounceMs/);
    expect(() => new FileWatcher('a', { stableMs: Number.NaN })).toThrow(/options.stableMs/);
    expect(() => new FileWatcher('a', { concurrency: 0 })).toThrow(/options.concurrency/);
  });
});
