import { describe, expect, it } from 'vitest';
import { TaskCreatedEvent } from '../../src/tasks/task-created-event.ts';
import { TaskEventHandler } from '../../src/tasks/task-event-handler.ts';
import { TaskRemovedEvent } from '../../src/tasks/task-removed-event.ts';
import { TaskUpdatedEvent } from '../../src/tasks/task-updated-event.ts';

const created = (uid: string) => new TaskCreatedEvent(uid, uid, '', 'openspec');

describe('TaskEventHandler', () => {
  it('an event that comes twice counts once, by its id', () => {
    const handler = new TaskEventHandler();
    const [create, remove] = [created('a'), new TaskRemovedEvent('a')];
    for (const event of [create, remove, create]) handler.apply(event);
    expect(handler.tasks).toEqual([]);
  });

  it('an event at a position that was seen counts once, whatever its id', () => {
    const handler = new TaskEventHandler();
    handler.apply({ ...created('a'), data: created('a').data, id: '1', position: 5 });
    handler.apply({ type: 'task.removed', data: { taskId: 'a' }, id: '2', position: 4 });
    expect(handler.get('a')?.title).toBe('a');
  });

  it('takes fields of other services, `__proto__` among them, and keeps the identity', () => {
    const handler = new TaskEventHandler();
    handler.apply(created('a'));
    const changes = JSON.parse('{"assignee":"kim","taskUid":"b","__proto__":{"x":1}}') as Record<string, string>;
    handler.apply(new TaskUpdatedEvent('a', changes, 1, 2));
    const task = handler.get('a')!;
    expect(task).toMatchObject({ taskUid: 'a', assignee: 'kim' });
    expect([Object.getPrototypeOf(task), Object.isFrozen(task)]).toEqual([Object.prototype, true]);
  });

  it('passes over other types, unknown tasks and events without a task', async () => {
    const handler = new TaskEventHandler();
    await handler.handle({ type: 'change.archived', data: { taskId: 'a' }, id: '1' });
    await handler.handle(new TaskUpdatedEvent('a', { title: 'b' }, 1, 2));
    await handler.handle({ type: 'task.created', data: { title: 'no identity' }, id: '2' });
    expect(handler.tasks).toEqual([]);
  });

  it.each(['task.created', 'task.updated', 'task.moved', 'task.removed'])(
    'is not stopped by a %s whose data is anything that an untyped store can hold',
    (type) => {
      const handler = new TaskEventHandler();
      handler.apply(created('a'));
      const section = 5;
      const parts = [null, 'text', section, [], {}, { section }];
      const datas = parts.flatMap((part) => [part, { taskId: 'a', details: part, changes: part, place: part }]);
      for (const [at, data] of datas.entries()) handler.apply({ id: `${at}`, type, data });
      for (const task of handler.tasks) expect(task.section).toEqual([]);
      expect(handler.tasks.length).toBe(type === 'task.removed' ? 0 : 1);
    },
  );
});
