import { type BenchTable, counted, median, round2 } from '../compare.ts';
import { threeWayMerge } from './built-merge.ts';

const words =
  'the change that both sides made to one place of a document of tasks is in the state or in a record'.split(' ');
const sentence = (seed: number, length: number) =>
  Array.from({ length }, (_, at) => words[(seed * 7 + at * 13) % words.length]).join(' ');

const task = (id: number) => ({
  id: `t${id}`,
  title: sentence(id, 6),
  done: id % 3 === 0,
  tags: [`a${id % 7}`, `b${id % 11}`],
  notes: { text: sentence(id + 1, 12), by: `n${id % 5}` },
});

/** A document of 1 MB with 100 changes, and one change in a list of 10,000 tasks. */
export function largeDocuments(rounds: number): readonly BenchTable[] {
  const size = JSON.stringify(task(1)).length;
  const base = { tasks: Array.from({ length: Math.ceil(1_000_000 / size) }, (_, id) => task(id)) };
  const edited = (offset: number) => ({
    tasks: base.tasks.map((one, at) =>
      at % Math.floor(base.tasks.length / 50) === offset ? { ...one, title: `${offset}` } : one,
    ),
  });
  const [local, remote] = [edited(3), edited(11)];
  const list = Array.from({ length: 10_000 }, (_, id) => task(id));
  const changed = list.with(5_000, { ...list[5_000]!, done: true, title: 'other' });
  const parse = (...versions: unknown[]) => {
    const texts = versions.map((version) => JSON.stringify(version));
    return () => texts.map((text) => JSON.parse(text) as unknown);
  };
  const parsed = (...versions: unknown[]) => parse(...versions)() as [unknown, unknown, unknown];
  const measure = (work: () => unknown) => {
    const times = Array.from({ length: 5 * rounds }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    });
    return median(counted(times));
  };
  const row = (what: string, parsing: () => unknown, [b, l, r]: readonly [unknown, unknown, unknown]) => {
    const merge = measure(() => threeWayMerge({ base: b, local: l, remote: r }));
    const reading = measure(parsing);
    return {
      what,
      'merge ms': round2(merge),
      'JSON.parse of three ms': round2(reading),
      ratio: round2(merge / reading),
    };
  };
  return [
    {
      title: 'large documents',
      rows: [
        row('1 MB, 100 changes, nothing shared', parse(base, local, remote), parsed(base, local, remote)),
        row('1 MB, 100 changes, unchanged parts shared', parse(base, local, remote), [base, local, remote]),
        row('10,000 tasks, one change, nothing shared', parse(list, changed, list), parsed(list, changed, list)),
        row('10,000 tasks, one change, unchanged parts shared', parse(list, changed, list), [list, changed, list]),
      ],
    },
  ];
}
