import { expect, it } from 'vitest';
import { reconcileStatus, type TaskStatus } from '../../src/tasks/reconcile-status.ts';

it.each<[TaskStatus, TaskStatus, TaskStatus]>([
  ['todo', 'done', 'todo'],
  ['in-progress', 'done', 'in-progress'],
  ['review', 'done', 'review'],
  ['done', 'done', 'todo'],
  ['archived', 'archived', 'archived'],
])('%s: ticked it is %s, not ticked %s', (status, ticked, empty) => {
  expect([reconcileStatus(true, status), reconcileStatus(false, status)]).toEqual([ticked, empty]);
});
