import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { applyTaskResolutions } from '../../src/tasks/apply-task-resolutions.ts';
import { removeMarkers } from '../../src/tasks/conflict-comments.ts';
import { mergeTasks } from '../../src/tasks/merge-tasks.ts';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';
import { editedBy } from './arbitraries/tasks-file-edit.ts';
import { tasksText } from './arbitraries/tasks-text.ts';
import { checkTasksMerge } from './models/tasks-merge-checker.ts';
import { runs } from './runs.ts';

const versions = editedBy(tasksText);
const note = { strategy: 'a person', reason: 'said so' };

function isRefused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof InvalidArgumentError;
  }
}

describe('merging task files', () => {
  it('CF1 CF2 an unchanged or an equal side gives the other side, byte for byte', () => {
    fc.assert(
      fc.property(versions, ({ base, local: text }) => {
        expect(mergeTasks({ base, local: text, remote: base })).toEqual({ text, conflicts: [] });
        expect(mergeTasks({ base, local: base, remote: text })).toEqual({ text, conflicts: [] });
        expect(mergeTasks({ base, local: text, remote: text })).toEqual({ text, conflicts: [] });
      }),
      runs(200),
    );
  });

  it('CF3 swapping the sides swaps the sides of the conflicts and nothing else', () => {
    fc.assert(
      fc.property(versions, ({ base, local, remote }) => {
        const { text, conflicts } = mergeTasks({ base, local, remote });
        const swapped = mergeTasks({ base, local: remote, remote: local });
        expect(swapped.text).toBe(text);
        const told = ({ path, type, baseValue }: Conflict) => ({ path, type, baseValue });
        expect(
          swapped.conflicts.map((each) => ({ ...told(each), values: [each.remoteValue, each.localValue] })),
        ).toEqual(conflicts.map((each) => ({ ...told(each), values: [each.localValue, each.remoteValue] })));
      }),
      runs(200),
    );
  });

  it('CF5 each edit of either side is in the file or in a conflict', () => {
    fc.assert(
      fc.property(versions, (versions) => {
        const { text, conflicts } = mergeTasks(versions);
        expect(checkTasksMerge(versions, text, conflicts).losses).toEqual([]);
      }),
      runs(200),
    );
  });

  it('CF6 merging the result again with either side against the base or that side changes nothing', () => {
    fc.assert(
      fc.property(versions, ({ base, local, remote }) => {
        const { text, conflicts } = mergeTasks({ base, local, remote });
        for (const side of [local, remote]) {
          expect(mergeTasks({ base: side, local: text, remote: side })).toEqual({ text, conflicts: [] });
          if (conflicts.length === 0)
            expect(mergeTasks({ base, local: text, remote: side })).toEqual({ text, conflicts: [] });
        }
      }),
      runs(200),
    );
  });

  it('CF7 a decision made later, of a conflict that was stored as JSON, takes effect in the file, once', () => {
    fc.assert(
      fc.property(
        versions,
        fc.infiniteStream(fc.constantFrom('local' as const, 'remote' as const)),
        (versions, sides) => {
          const { text, conflicts } = mergeTasks(versions);
          const stored = conflicts.map((conflict) => Conflict.fromJSON(JSON.parse(JSON.stringify(conflict))));
          expect(stored).toEqual(conflicts);
          const choose = (choice: 'local' | 'remote' | 'base', conflict: Conflict) =>
            ConflictResolution.choose(conflict, choice, note);
          const { base } = versions;
          expect(
            applyTaskResolutions(
              text,
              stored.map((conflict) => choose('base', conflict)),
              base,
            ),
          ).toBe(text);
          const decided = stored.map((conflict) => choose(sides.next().value!, conflict));
          // A side's text that opens a fence would make code of the other side's tasks.
          if (text.includes('```') && isRefused(() => applyTaskResolutions(text, decided, base))) return;
          const once = applyTaskResolutions(text, decided, base);
          for (const { value, conflict } of decided) {
            if (conflict.location.at(-1) === 'title') expect(once).toContain(value);
          }
          expect(applyTaskResolutions(once, decided, base)).toBe(once);
        },
      ),
      runs(200),
    );
  });

  it('markers are no tasks, and without them the file is as if they had not been asked for', () => {
    fc.assert(
      fc.property(versions, (versions) => {
        const { text, conflicts } = mergeTasks(versions);
        const marked = mergeTasks(versions, { markers: true });
        expect(marked.conflicts).toEqual(conflicts);
        expect(removeMarkers(marked.text)).toBe(text);
        expect(marked.text.split('<!-- merge conflict: ').length - 1).toBe(conflicts.length);
        const told = (file: string) =>
          TasksDocument.parse(file).tasks.map(({ title, depth, section }) => ({ title, depth, section }));
        expect(told(marked.text)).toEqual(told(text));
      }),
      runs(200),
    );
  });
});
