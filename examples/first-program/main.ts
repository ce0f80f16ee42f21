import { EventStore, MemoryEventAdapter } from '@zyflow/migration';
import { diffTasks, mergeTasks, TasksDocument } from '@zyflow/migration/tasks';

const base = '## Phase 1\n- [ ] 1.1 Parse\n- [ ] 1.2 Print the report\n';
const local = base.replace('[ ] 1.1', '[x] 1.1'); // somebody ticks a task,
const remote = base.replace('report', 'reports'); // somebody else renames another

const { text, conflicts } = mergeTasks({ base, local, remote });
console.log(text, `${conflicts.length} conflicts`);

const before = TasksDocument.parse(base);
const after = TasksDocument.parse(text, { previous: before });
const store = new EventStore({ adapter: new MemoryEventAdapter() });
const created = diffTasks(TasksDocument.parse(''), before);
const { version } = await store.append('change/demo', created, { expectedVersion: 'no_stream' });
await store.append('change/demo', diffTasks(before, after), { expectedVersion: version });
for await (const event of store.read('change/demo')) console.log(event.version, event.type, event.data);
await store.close();
