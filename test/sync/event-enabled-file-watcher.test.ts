import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EventBus } from '../../src/events/event-bus.ts';
import { EventEnabledFileWatcher } from '../../src/sync/event-enabled-file-watcher.ts';
import { FileChangedEvent } from '../../src/sync/file-changed-event.ts';
import { eventually, newFolder } from './watched-folder.ts';

it('publishes each change with its file as the aggregate, as JSON that an event store takes', async () => {
  await using temporary = await newFolder();
  const file = join(temporary.folder, 'tasks.md');
  const bus = new EventBus();
  const events: FileChangedEvent[] = [];
  bus.subscribe<FileChangedEvent>('file.changed', { handle: async (event) => void events.push(event) });
  await using watcher = new EventEnabledFileWatcher(bus, file, { graceMs: 20 });
  await watcher.start();
  await writeFile(file, '- [ ] 1.1 first\n');
  await eventually(() => expect(events.length).toBe(1));
  await rm(file);
  await eventually(() => expect(events.length).toBe(2));

  expect(events.every((event) => event instanceof FileChangedEvent)).toBe(true);
  const [added, removed] = events.map(({ type, aggregateId, data }) => ({ type, aggregateId, data }));
  const hash = events[0]?.change.hash;
  expect(added).toEqual({
    type: 'file.changed',
    aggregateId: file,
    data: { change: { path: file, kind: 'added', hash, previousHash: null, text: '- [ ] 1.1 first\n' } },
  });
  expect(removed?.data).toEqual({
    change: { path: file, kind: 'removed', hash: null, previousHash: hash, text: null },
  });
});

it('publishes a change again when a handler on the bus failed', async () => {
  await using temporary = await newFolder();
  const file = join(temporary.folder, 'tasks.md');
  const bus = new EventBus();
  const events: FileChangedEvent[] = [];
  const errors: unknown[] = [];
  bus.subscribe<FileChangedEvent>('file.changed', {
    handle: async (event) => {
      events.push(event);
      if (events.length === 1) throw new Error('handler down');
    },
  });
  const options = { backoff: { maxMs: 1 }, onError: (error: unknown) => errors.push(error) };
  await using watcher = new EventEnabledFileWatcher(bus, file, options);
  await watcher.start();
  await writeFile(file, 'one');
  await eventually(() => expect(watcher.files.size).toBe(1));
  expect(events.map(({ change }) => change.text)).toEqual(['one', 'one']);
  expect(errors).toMatchObject([{ code: 'FILE_WATCH_FAILED', path: file, cause: { name: 'EventHandlingError' } }]);
});
