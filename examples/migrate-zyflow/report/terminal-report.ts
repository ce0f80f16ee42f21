import { type Criterion, isMet, type MigrationReport } from './migration-report.ts';
import { formatQuantity, formatSeconds } from './number-format.ts';
import { textTable } from './text-table.ts';

const signs = { 'at least': '≥', 'at most': '≤', exactly: '=' } as const;

export const boundText = ({ bound, unit }: Criterion): string =>
  `${signs[bound.relation]} ${formatQuantity(bound.value, unit)}`;

/** The end of a run on the terminal: what was asked and measured, and each fault before and after. */
export function terminalReport(report: MigrationReport, columns?: number): string {
  const criteria = textTable(
    [
      { title: 'Criterion', shrinks: true },
      { title: 'Bound', align: 'right' },
      { title: 'Measured', align: 'right' },
      { title: 'Met' },
      { title: 'Of what', optional: true },
    ],
    report.criteria.map((each) => [
      each.name,
      boundText(each),
      formatQuantity(each.measured, each.unit),
      isMet(each) ? 'yes' : 'NO',
      each.detail ?? '',
    ]),
    columns,
  );
  const faults = textTable(
    [
      { title: '' },
      { title: 'Fault of the legacy system', shrinks: true },
      { title: 'Before', align: 'right' },
      { title: 'After', align: 'right' },
      { title: 'In the legacy system', optional: true },
    ],
    report.faults.map(({ id, title, unit, of, before, after, beforeDetail }) => {
      const show = (value: number | null) =>
        `${formatQuantity(value, unit === 'ms' ? unit : '')}${of === undefined ? '' : ` of ${of}`}`;
      return [id, title, show(before), after === null ? 'not measured' : show(after), beforeDetail];
    }),
    columns,
  );
  const met = report.criteria.filter(isMet).length;
  const verdict =
    met > 0 && met === report.criteria.length
      ? `All ${met} criteria were measured and met`
      : `${met} of ${report.criteria.length} criteria were met`;
  return [...criteria, '', ...faults, '', `${verdict}, in ${formatSeconds(report.durationMs)}.`].join('\n');
}
