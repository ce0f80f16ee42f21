import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { Conflict, DeletionConflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { ResolutionOutdatedError } from '../../src/conflicts/errors.ts';
import { mergeText } from '../../src/conflicts/text-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { applyTaskResolutions } from '../../src/tasks/apply-task-resolutions.ts';
import { removeMarkers } from '../../src/tasks/conflict-comments.ts';
import { mergeTasks, type TaskFileVersions } from '../../src/tasks/merge-tasks.ts';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';
import { titleSimilarity } from '../../src/tasks/title-similarity.ts';
import { apart, editedBy, withoutTwins } from './arbitraries/tasks-file-edit.ts';
import { tasksText } from './arbitraries/tasks-text.ts';
import { concurrentTaskEdits, hasHistories } from './models/concurrent-task-edits.ts';
import { checkTasksMerge } from './models/tasks-merge-checker.ts';
import { runs } from './runs.ts';

const versions = editedBy(tasksText);
/** With tasks that can be told apart to begin with. */
const versionsApart = editedBy(tasksText.map(withoutTwins));
const note = { strategy: 'a person', reason: 'said so' };

function isRefused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof InvalidArgumentError || error instanceof ResolutionOutdatedError;
  }
}

/** Whether a version has several tasks or headings of the same words, or of nearly the same. */
function hasTwins(versions: TaskFileVersions): boolean {
  return Object.values(versions).some((text) => {
    const words = TasksDocument.parse(text).lines.flatMap((line) =>
      line.kind === 'task' ? [line.parts.title] : line.kind === 'heading' ? [line.title] : [],
    );
    return words.some((one, at) => words.slice(at + 1).some((other) => titleSimilarity(one, other) >= 0.5));
  });
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
        const told = ({ path, type, baseValue, shown }: Conflict) => ({
          ...{ path, type, baseValue, place: shown?.place, shown: shown?.base },
        });
        const sidesOf = ({ localValue, remoteValue, shown }: Conflict) => [
          [localValue, shown?.local],
          [remoteValue, shown?.remote],
        ];
        expect(swapped.conflicts.map((each) => ({ ...told(each), sides: sidesOf(each).toReversed() }))).toEqual(
          conflicts.map((each) => ({ ...told(each), sides: sidesOf(each) })),
        );
      }),
      runs(200),
    );
  });

  it('CF7 what a person is shown are lines of each version, and not the same of both sides', () => {
    fc.assert(
      fc.property(versions, (versions) => {
        for (const { shown, path } of mergeTasks(versions).conflicts) {
          for (const side of ['base', 'local', 'remote'] as const) {
            const lines = versions[side].replace(/^\uFEFF/, '').split(/\r?\n/);
            for (const line of shown?.[side]?.split(/\r?\n/) ?? []) expect(lines).toContain(line);
          }
          expect([path, shown?.remote]).not.toEqual([path, shown?.local]);
          expect(shown?.place).toMatch(/./);
        }
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
      fc.property(fc.oneof(versions, versionsApart), ({ base, local, remote }) => {
        const { text, conflicts } = mergeTasks({ base, local, remote });
        for (const side of [local, remote]) {
          expect(mergeTasks({ base: side, local: text, remote: side })).toEqual({ text, conflicts: [] });
          if (conflicts.length === 0) {
            expect(mergeTasks({ base, local: text, remote: side })).toEqual({ text, conflicts: [] });
          }
        }
      }),
      runs(200),
    );
  });

  it('CF7 a decision made later, of a conflict that was stored as JSON, takes effect in the file, once', () => {
    fc.assert(
      fc.property(
        fc.oneof(versions, versionsApart),
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
          // A side's text that opens a fence would make code of the other side's tasks; of twins, nobody knows which.
          if (
            (text.includes('```') || hasTwins(versions)) &&
            isRefused(() => applyTaskResolutions(text, decided, base))
          )
            return;
          const once = applyTaskResolutions(text, decided, base);
          for (const { value, conflict } of decided) {
            if (conflict.location.at(-1) === 'title') expect(once).toContain(value);
          }
          // What is removed seems to be there if there is something like it.
          if (
            (hasTwins(versions) || text.includes('```')) &&
            isRefused(() => applyTaskResolutions(once, decided, base))
          )
            return;
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

  it('where the sides edited different tasks there is no conflict, whatever a merge by lines says', () => {
    let byLines = 0;
    fc.assert(
      fc.property(apart, ({ done, ...versions }) => {
        const { text, conflicts } = mergeTasks(versions);
        expect(conflicts).toEqual([]);
        if (mergeText(versions).conflicts.length > 0) byLines++;
        const before = TasksDocument.parse(versions.base);
        const [local, remote, after] = [versions.local, versions.remote, text].map((each) =>
          TasksDocument.parse(each, { previous: before }),
        );
        for (const { side, taskUid } of done) {
          const expected = (side === 0 ? local! : remote!).get(taskUid);
          const { title, completed, description } = after!.get(taskUid) ?? {};
          expect({ title, completed, description }).toEqual({
            title: expected?.title,
            completed: expected?.completed,
            description: expected?.description,
          });
        }
        expect(after!.tasks.length).toBe(done.filter(({ kind }) => kind !== 'remove').length);
      }),
      runs(200),
    );
    expect(byLines).toBeGreaterThan(20);
  });
});

describe.runIf(hasHistories)('merging concurrent edits of real task files', () => {
  const cases = concurrentTaskEdits(3);
  const isConflict = (versions: TaskFileVersions) => mergeText(versions).conflicts.length > 0;

  it('nothing is lost, and where a merge by lines is clean there is hardly ever a conflict', () => {
    const clean = cases.filter((versions) => !isConflict(versions));
    const disputed = clean.filter((versions) => mergeTasks(versions).conflicts.length > 0);
    // A task that one side moved, and the other put below a new heading: lines say nothing of where it belongs.
    expect(disputed.length / clean.length).toBeLessThan(0.01);
    for (const versions of cases) {
      const { text, conflicts } = mergeTasks(versions);
      expect(checkTasksMerge(versions, text, conflicts)).toEqual({ losses: [], doubled: [] });
    }
  });

  it('CF6 merged again with a side each stays, and hardly any is given up as a whole', () => {
    let undivided = 0;
    for (const { base, local, remote } of cases) {
      const { text, conflicts } = mergeTasks({ base, local, remote });
      if (conflicts.some(({ baseValue }) => baseValue === base)) undivided++;
      if (conflicts.length > 0) continue;
      for (const side of [local, remote]) {
        expect(mergeTasks({ base, local: text, remote: side })).toEqual({ text, conflicts: [] });
      }
    }
    expect(undivided / cases.length).toBeLessThan(0.01);
  });

  it('a real edit that was divided between two people becomes the real file, where it conflicts by lines', () => {
    const divided = cases.filter((versions) => versions.real !== undefined && isConflict(versions));
    expect(divided.length).toBeGreaterThan(50);
    const asReal = divided.filter(({ real, ...versions }) => mergeTasks(versions).text === real);
    expect(asReal.length / divided.length).toBeGreaterThan(0.95);
  });

  it('of the files that conflict by lines, nine in ten merge by the stated rules, with edits that beat removals', async () => {
    const conflicting = cases.filter(isConflict);
    let [unaided, decided] = [0, 0];
    for (const versions of conflicting) {
      const { text, conflicts } = mergeTasks(versions);
      if (conflicts.length === 0) unaided++;
      const resolutions = await new AutoConflictResolver().resolve(conflicts);
      const isManual = resolutions.some((resolution) => resolution instanceof ManualResolutionRequired);
      if (!isManual) decided++;
      const after = applyTaskResolutions(text, resolutions, versions.base);
      if (!isManual) expect(mergeTasks({ ...versions, local: after, remote: after }).text).toBe(after);
      for (const { conflict, value } of resolutions) {
        if (conflict instanceof DeletionConflict) expect(after).toContain(titleOf(value));
      }
    }
    expect(unaided / conflicting.length).toBeGreaterThan(0.8);
    expect(decided / conflicting.length).toBeGreaterThan(0.9);
  });
});

/** What a block that was kept says first. */
function titleOf(block: unknown): string {
  const { line, body } = block as { line: Record<string, string> | null; body: string };
  return line?.title ?? line?.heading ?? body;
}
