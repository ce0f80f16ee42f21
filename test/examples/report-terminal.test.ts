import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareFaults } from '../../examples/migrate-zyflow/report/compare-faults.ts';
import { displayWidth, pad, truncate } from '../../examples/migrate-zyflow/report/display-width.ts';
import { type Criterion, isMet, isSuccess } from '../../examples/migrate-zyflow/report/migration-report.ts';
import { formatNumber, formatQuantity } from '../../examples/migrate-zyflow/report/number-format.ts';
import { Progress } from '../../examples/migrate-zyflow/report/progress.ts';
import { terminalReport } from '../../examples/migrate-zyflow/report/terminal-report.ts';
import { textTable } from '../../examples/migrate-zyflow/report/text-table.ts';
import { runs } from '../invariants/runs.ts';
import { sampleReport } from './report-sample.ts';

describe('the width of text', () => {
  it('is two columns for Korean and emoji, none for what is set upon another character', () => {
    expect(['abc', '작업', '작업'.normalize('NFD'), 'é'.normalize('NFD'), '🚀', 'ｱ', ''].map(displayWidth)).toEqual([
      3, 4, 4, 1, 2, 1, 0,
    ]);
  });

  it('is never exceeded by a text that was cut, and always reached by one that was filled up', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, fc.nat(30), (value, columns) => {
        expect(displayWidth(truncate(value, columns))).toBeLessThanOrEqual(columns);
        expect(displayWidth(pad(truncate(value, columns), columns, 'right'))).toBe(columns);
      }),
      runs(200),
    );
  });
});

describe('a table', () => {
  it('stands in columns, whatever is in it, and within the terminal', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '가', ' ', '🚀', 'é'), maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
        fc.integer({ min: 60, max: 140 }),
        (rows, columns) => {
          const head = [
            { title: 'One', shrinks: true },
            { title: 'Two', align: 'right' },
            { title: 'Three', optional: true },
          ] as const;
          const lines = textTable(
            head,
            rows.map(([a, b, c]) => [a, b.slice(0, 10), c]),
            columns,
          );
          expect(lines).toHaveLength(rows.length + 2);
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
          const widths = lines[1]!.split('  ').map(displayWidth);
          for (const [n, [first]] of rows.entries())
            expect(lines[n + 2]!.startsWith(truncate(first, widths[0]!).trimEnd())).toBe(true);
        },
      ),
      runs(100),
    );
  });
});

describe('a table that is too wide', () => {
  const head = [
    { title: 'A', shrinks: true },
    { title: 'B', shrinks: true },
    { title: 'C', optional: true },
  ] as const;
  const row = ['a'.repeat(20), 'b'.repeat(20), 'c'.repeat(30)];

  it('cuts the last column that may be cut, then the one before, and leaves out what would say nothing', () => {
    const at = (columns: number) =>
      textTable(head, [row], columns)
        .at(-1)!
        .split('  ')
        .map((cell) => cell.length);
    expect(at(74)).toEqual([20, 20, 30]);
    expect(at(70)).toEqual([20, 20, 26]);
    expect(at(67)).toEqual([20, 20]);
    expect(at(40)).toEqual([20, 18]);
    expect(at(30)).toEqual([16, 12]);
  });
});

describe('numbers', () => {
  it('are written with the digits that count, and with their unit', () => {
    expect([0, 0.02, 0.1234, 3.456, 38.44, 309.66, 28_431.7].map(formatNumber)).toEqual([
      '0',
      '0.02',
      '0.123',
      '3.46',
      '38.4',
      '310',
      '28,432',
    ]);
    expect([
      formatQuantity(5, ''),
      formatQuantity(5, 'ms'),
      formatQuantity(null, 'ms'),
      formatQuantity(Number.NaN, '%'),
    ]).toEqual(['5', '5 ms', 'not measured', 'not measured']);
  });
});

describe('a criterion', () => {
  const criterion = (relation: 'at least' | 'at most' | 'exactly', measured: number | null) =>
    isMet({ id: 'c', name: 'C', unit: '', bound: { relation, value: 10 }, measured });

  it('is met at its bound and on the right side of it, and never without a measure', () => {
    expect([9, 10, 11].map((value) => criterion('at least', value))).toEqual([false, true, true]);
    expect([9, 10, 11].map((value) => criterion('at most', value))).toEqual([true, true, false]);
    expect([9, 10, 11].map((value) => criterion('exactly', value))).toEqual([false, true, false]);
    expect([null, Number.NaN].map((value) => criterion('at most', value))).toEqual([false, false]);
  });

  it('decides with all others on success', () => {
    expect(isSuccess(sampleReport)).toBe(false);
    expect(isSuccess({ ...sampleReport, criteria: [] })).toBe(false);
    const met = sampleReport.criteria.filter(isMet);
    expect(isSuccess({ ...sampleReport, criteria: met })).toBe(true);
    const shown = (measured: number | null) => ({ ...met[0]!, measured, decides: false });
    const isSuccessWith = (one: Criterion) => isSuccess({ ...sampleReport, criteria: [...met, one] });
    expect([shown(Number.NEGATIVE_INFINITY), shown(null)].map(isSuccessWith)).toEqual([true, false]);
  });
});

describe('the report on the terminal', () => {
  it('says of each criterion what was asked and measured, and of each fault before and after', () => {
    const lines = terminalReport(sampleReport, 120).split('\n');
    expect(lines.every((line) => displayWidth(line) <= 120)).toBe(true);
    expect(lines.find((line) => line.startsWith('파일'))).toBe(
      '파일 저장에서 화면까지, p95             ≤ 100 ms          38.4 ms  yes  of 812 saves under load',
    );
    expect(lines.find((line) => line.startsWith('Records'))).toMatch(/≥ 100 % +not measured +NO$/);
    expect(lines.find((line) => line.startsWith('F3'))).toMatch(/19 of 20 +0 of 20 +20 acknowledged/);
    expect(lines.find((line) => line.startsWith('LAT'))).toMatch(/310 ms +38.4 ms/);
    expect(lines.at(-1)).toBe('5 of 6 criteria were met, in 41.2 s.');
  });

  it('leaves out the details where they would not fit', () => {
    const text = terminalReport(sampleReport, 80);
    expect(text).not.toContain('of 812 saves');
    expect(text.split('\n').every((line) => displayWidth(line) <= 80)).toBe(true);
  });
});

describe('faults before and after', () => {
  it('stand beside each other by their id', () => {
    const reading = (id: string, value: number) => ({
      id,
      title: id,
      unit: 'tasks',
      of: 9,
      value,
      detail: `${id}: ${value}`,
    });
    expect(compareFaults([reading('F1', 7), reading('F2', 3)], [reading('F2', 0)])).toEqual([
      { id: 'F1', title: 'F1', unit: 'tasks', of: 9, before: 7, beforeDetail: 'F1: 7', after: null },
      { id: 'F2', title: 'F2', unit: 'tasks', of: 9, before: 3, beforeDetail: 'F2: 3', after: 0, afterDetail: 'F2: 0' },
    ]);
  });
});

describe('progress', () => {
  const recorded = (isTTY: boolean) => {
    const written: string[] = [];
    const progress = new Progress({ isTTY, columns: 60, write: (text: string) => written.push(text) });
    progress.begin('Copy the records');
    for (let percent = 1; percent <= 100; percent++) progress.update(percent, `작업 ${percent} of 100`);
    progress.note('three were read again');
    progress.end('100 copied');
    return written;
  };

  it('is plain lines in a pipe, few of them', () => {
    expect(recorded(false).map((line) => line.replace(/\d+\.\d s/, 'N s'))).toEqual([
      'Copy the records ...\n',
      '  25 %  작업 25 of 100\n',
      '  50 %  작업 50 of 100\n',
      '  75 %  작업 75 of 100\n',
      '  three were read again\n',
      '  100 copied (N s)\n',
    ]);
  });

  it('is one line that grows on a terminal, and never longer than it', () => {
    const written = recorded(true);
    const bars = written.filter((text) => text.includes('█'));
    expect(bars.length).toBeGreaterThan(90);
    for (const text of written) {
      expect(text.startsWith('\r\u001B[2K')).toBe(true);
      expect(displayWidth(text.slice(5).trimEnd())).toBeLessThan(60);
    }
    expect(written.at(-1)).toMatch(/✔ Copy the records: 100 copied \(\d+\.\d s\)\n$/);
  });

  it('says what has no step to belong to nowhere', () => {
    const written: string[] = [];
    const progress = new Progress({ write: (text: string) => written.push(text) });
    progress.update(50);
    progress.end();
    expect(written).toEqual([]);
  });
});
