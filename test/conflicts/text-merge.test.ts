import { describe, expect, it } from 'vitest';
import { matchSequences } from '../../src/conflicts/common-subsequence.ts';
import { mergeText } from '../../src/conflicts/text-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

describe('mergeText', () => {
  it('merges edits of different lines and keeps their ends', () => {
    expect(mergeText({ base: 'a\r\nb\nc\nd', local: 'A\r\nb\nc\nd', remote: 'a\r\nb\nc\nd\ne' })).toEqual({
      text: 'A\r\nb\nc\nd\ne',
      conflicts: [],
    });
  });

  it('says where both changed the same lines, and leaves those of the base', () => {
    expect(mergeText({ base: 'a\nb\nc\n', local: 'a\nx\nc\n', remote: 'a\ny\nz\nc\n' })).toEqual({
      text: 'a\nb\nc\n',
      conflicts: [{ line: 2, base: 'b\n', local: 'x\n', remote: 'y\nz\n' }],
    });
  });

  it('CF6 a text that goes on from the other side is the result: merged again with a side, a merge stays', () => {
    const added = { base: 'x\n\nb\n', local: 'x\n\na\n\nb\n', remote: 'y\n\nb\n' };
    const beside = { base: 'i\n\nb\n', local: 'i\nl\n\nb\n', remote: 'i\n\nh\n\nb\n' };
    for (const { base, local, remote } of [added, beside]) {
      const { text, conflicts } = mergeText({ base, local, remote });
      expect(conflicts).toEqual([]);
      for (const side of [local, remote]) {
        expect(mergeText({ base, local: text, remote: side })).toEqual({ text, conflicts: [] });
        expect(mergeText({ base, local: side, remote: text })).toEqual({ text, conflicts: [] });
      }
    }
  });

  it('refuses what is no text', () => {
    expect(() => mergeText({ base: 'a', local: 'b', remote: 1 as unknown as string })).toThrow(InvalidArgumentError);
  });

  it('merges long texts with many repeated lines', () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => (i % 3 === 0 ? `line ${i}\n` : i % 3 === 1 ? '\n' : '}\n'));
    const edited = (at: number, line: string) => lines.with(at, line).join('');
    const both = lines.with(5_000, 'x\n').with(15_000, 'y\n').join('');
    expect(mergeText({ base: lines.join(''), local: edited(5_000, 'x\n'), remote: edited(15_000, 'y\n') })).toEqual({
      text: both,
      conflicts: [],
    });
  });
});

describe('matchSequences', () => {
  it('finds a longest common subsequence where no item is unique', () => {
    const partners = matchSequences([...'abcabba'], [...'cbabac']);
    expect([...partners].filter((at) => at >= 0)).toHaveLength(4);
  });

  it('finds what was added or removed as late as it can be, whatever stands near', () => {
    expect([...matchSequences([...'xkk-b'], [...'ykk-a-b'])]).toEqual([-1, 1, 2, 3, 6]);
    expect([...matchSequences([...'ykk-a-b'], [...'xkk-b'])]).toEqual([-1, 1, 2, 3, -1, -1, 4]);
    expect([...matchSequences([...'xaab'], [...'yaaab'])]).toEqual([-1, 1, 2, 4]);
  });

  it('gives up on stretches that have nothing in common, without quadratic time', () => {
    const a = Array.from({ length: 50_000 }, (_, i) => i % 7);
    const b = Array.from({ length: 50_000 }, (_, i) => 10 + (i % 5));
    expect(matchSequences(a, b).every((at) => at === -1)).toBe(true);
  });
});
