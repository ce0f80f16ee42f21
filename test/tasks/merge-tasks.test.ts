import { describe, expect, it } from 'vitest';
import { DeletionConflict, FieldConflict } from '../../src/conflicts/conflict.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { mergeTasks } from '../../src/tasks/merge-tasks.ts';

/** The merged text, where there is no conflict on either side of the mirror. */
function merged(base: string, local: string, remote: string): string {
  const { text, conflicts } = mergeTasks({ base, local, remote });
  expect(conflicts).toEqual([]);
  expect(mergeTasks({ base, local: remote, remote: local })).toEqual({ text, conflicts });
  return text;
}

describe('mergeTasks', () => {
  it('merges a tick, a title and notes of one task', () => {
    expect(merged('- [ ] a\n', '- [x] a\n', '- [ ] a\n  note\n')).toBe('- [x] a\n  note\n');
    expect(merged('- [ ] write it\n', '- [x] write it\n', '- [ ] write it now\n')).toBe('- [x] write it now\n');
  });

  it('an edit survives the other side’s move under another heading', () => {
    const base = '# A\n- [ ] a\n# B\n- [ ] b\n';
    expect(merged(base, '# A\n# B\n- [ ] b\n- [ ] a\n', base.replace('[ ] a', '[x] a'))).toBe(
      '# A\n# B\n- [ ] b\n- [x] a\n',
    );
  });

  it('a tick that one side took away is gone although the other wrote X for x', () => {
    expect(merged('- [x] a\n', '- [ ] a\n', '- [X] a\n')).toBe('- [ ] a\n');
    expect(merged('- [ ] a\n', '- [x] a\n', '- [X] a\n')).toBe('- [x] a\n');
  });

  it('removed here and edited there is a deletion conflict; the text of the base stays', () => {
    const base = '- [ ] a\n- [ ] b\n';
    const { text, conflicts } = mergeTasks({ base, local: '- [ ] b\n', remote: '- [x] a\n- [ ] b\n' });
    expect(text).toBe(base);
    expect(conflicts).toEqual([expect.any(DeletionConflict)]);
    expect((conflicts[0] as DeletionConflict).deletedBy).toBe('local');
  });

  it('removed here and only numbered anew there is gone', () => {
    const base = '- [ ] 1.1 a\n- [ ] 1.2 b\n';
    expect(merged(base, '- [ ] 1.1 a\n', '- [ ] 1.1 new\n- [ ] 1.2 a\n- [ ] 1.3 b\n')).toBe(
      '- [ ] 1.1 new\n- [ ] 1.2 a\n',
    );
  });

  it('a task that both sides numbered anew takes the higher number', () => {
    expect(merged('- [ ] 1.1 a\n', '- [ ] 1.2 a\n', '- [ ] 1.10 a\n')).toBe('- [ ] 1.10 a\n');
  });

  it('two titles for one task are a conflict, with the base’s in the text and the tick merged', () => {
    const { text, conflicts } = mergeTasks({
      base: '- [ ] write it\n',
      local: '- [x] write it now\n',
      remote: '- [ ] write it soon\n',
    });
    expect(text).toBe('- [x] write it\n');
    expect(conflicts.map(({ baseValue, localValue, remoteValue }) => [baseValue, localValue, remoteValue])).toEqual([
      ['write it', 'write it now', 'write it soon'],
    ]);
  });

  it('a heading renamed here keeps the tasks that are added below it there', () => {
    expect(
      merged('# Setup\n- [ ] a\n# End\n', '# Preparation\n- [ ] a\n# End\n', '# Setup\n- [ ] a\n- [ ] b\n# End\n'),
    ).toBe('# Preparation\n- [ ] a\n- [ ] b\n# End\n');
  });

  it('a heading renamed on both sides is a conflict, not two headings', () => {
    const base = '# Setup\n- [ ] a\n';
    const { text, conflicts } = mergeTasks({ base, local: '# Plan\n- [ ] a\n', remote: '# Kickoff\n- [ ] a\n' });
    expect(text).toBe(base);
    expect(conflicts.map(({ localValue, remoteValue }) => [localValue, remoteValue])).toEqual([
      ['# Plan', '# Kickoff'],
    ]);
  });

  it('headings of the same title are told apart by those above them', () => {
    const base = '# A\n## Notes\nold\n';
    expect(merged(base, `# 0\n## Notes\nfirst\n${base}`, base.replace('old', 'new'))).toBe(
      '# 0\n## Notes\nfirst\n# A\n## Notes\nnew\n',
    );
  });

  it('both add behind a last line without an end', () => {
    const { text, conflicts } = mergeTasks({ base: '- [ ] a', local: '- [ ] a\n- [ ] b', remote: '- [ ] a\n- [ ] c' });
    expect(conflicts).toEqual([]);
    expect(text.trimEnd().split('\n').sort()).toEqual(['- [ ] a', '- [ ] b', '- [ ] c']);
  });

  it('text below the tasks stands once although both sides add a task above it', () => {
    const { text, conflicts } = mergeTasks({
      base: '- [ ] a\ntext\n',
      local: '- [ ] a\n- [ ] b\ntext\n',
      remote: '- [ ] a\n- [ ] c\ntext\n',
    });
    expect(conflicts).toEqual([]);
    expect(text.split('\n').sort()).toEqual(['', '- [ ] a', '- [ ] b', '- [ ] c', 'text']);
    expect(text.endsWith('text\n')).toBe(true);
  });

  it('new lines behind a last one without an end are ended alike, whichever side is which', () => {
    const versions = { base: '- [ ] a', local: '- [ ] b\n- [ ] a', remote: '- [ ] a\r\n- [ ] c' };
    const swapped = { ...versions, local: versions.remote, remote: versions.local };
    expect(mergeTasks(swapped).text).toBe(mergeTasks(versions).text);
    const unended = { base: '- [ ] a', local: '- [ ] a\n- [ ] b', remote: '- [ ] a\r\n- [ ] c' };
    const other = { ...unended, local: unended.remote, remote: unended.local };
    expect(mergeTasks(other).text).toBe(mergeTasks(unended).text);
  });

  it('a tick survives the other side’s insertion and new numbers', () => {
    expect(merged('- [ ] 1.1 write it\n', '- [x] 1.1 write it\n', '- [ ] 1.1 new\n- [ ] 1.2 write it\n')).toBe(
      '- [ ] 1.1 new\n- [x] 1.2 write it\n',
    );
  });

  it('line ends changed here, words there: both', () => {
    expect(merged('# A\n- [ ] a\n', '# A\r\n- [ ] a\r\n', '# B\n- [x] a\n')).toBe('# B\r\n- [x] a\r\n');
  });

  it('a byte order mark stays at the beginning, whoever adds a first task', () => {
    const base = '\uFEFF- [ ] a\n';
    const text = merged(base, '\uFEFF- [ ] b\n- [ ] a\n', '\uFEFF- [ ] c\n- [ ] a\n');
    expect([text.lastIndexOf('\uFEFF'), text.length]).toEqual([0, 25]);
    expect(merged(base, '- [ ] a\n', '\uFEFF- [x] a\n')).toBe('- [x] a\n');
  });

  it('a task that would end up in code that the other side left open is a conflict of the whole', () => {
    const versions = { base: '- [ ] a\n', local: '- [ ] a\n\n```\ncode\n', remote: '- [ ] a\n- [ ] b\n' };
    const { text, conflicts } = mergeTasks(versions);
    expect(text).toBe(versions.base);
    expect(conflicts).toEqual([expect.any(FieldConflict)]);
    expect(conflicts[0]).toMatchObject({ path: '', localValue: versions.local, remoteValue: versions.remote });
  });

  it('refuses what is no text, and lone surrogates', () => {
    expect(() => mergeTasks({ base: '', local: '\ud800', remote: '' })).toThrow(InvalidArgumentError);
  });
});
