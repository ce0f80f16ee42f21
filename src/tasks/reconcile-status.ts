/** The states that ZyFlow gives a task at run time. */
export type TaskStatus = 'todo' | 'in-progress' | 'review' | 'done' | 'archived';

/**
 * The status of a task whose box is ticked or not, given the status it has at run time.
 *
 * The file owns the tick, the run time owns what lies between todo and done: an empty box and `in-progress` do not
 * contradict each other. A ticked box means done, one whose tick was taken away means todo, archived stays archived.
 */
export function reconcileStatus(completed: boolean, status: TaskStatus): TaskStatus {
  if (status === 'archived') return status;
  if (completed) return 'done';
  return status === 'done' ? 'todo' : status;
}
