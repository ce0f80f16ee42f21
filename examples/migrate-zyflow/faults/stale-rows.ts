import { checkboxes } from '../workspace/checkboxes.ts';
import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

const changeCount = 3;
const editsOfEachKind = 4;

/** Tasks that are shown though no file has them: what is left of every task that was reworded or removed. */
export const staleRows: FaultMeasure = {
  id: 'F4',
  title: 'Stale tasks after rewording and removing',
  unit: 'tasks',
  async measure(context) {
    const changes = Array.from({ length: changeCount }, (_, n) => ({ projectId: 'p', changeId: `edited-${n + 1}` }));
    const texts = new Map(changes.map((change, n) => [change, titles(20, 40 + n)]));
    const files = new Map([...texts].map(([change, all]) => [change, numberedFile(all)]));
    const scratch = await Scratch.open(context, files);
    let stale = 0;
    let wrongProgress = 0;
    for (const [change, all] of texts) {
      const reworded = all.map((title, n) => (n < editsOfEachKind ? `${title}, reworded` : title));
      await scratch.saveAndSync(change, numberedFile(reworded));
      const fewer = reworded.slice(0, -editsOfEachKind);
      await scratch.saveAndSync(change, numberedFile(fewer));
      const finished = numberedFile(fewer, fewer);
      await scratch.saveAndSync(change, finished);
      const inFile = new Set(checkboxes(finished).map(({ title }) => title));
      stale += (await scratch.tasks(change)).filter(({ title }) => !inFile.has(title)).length;
      if ((await scratch.system.change(change)).progress !== 100) wrongProgress++;
    }
    await scratch.system.close();
    return {
      value: stale,
      of: changeCount * editsOfEachKind * 2,
      detail: `${wrongProgress} of ${changeCount} finished changes show another progress than 100 %`,
    };
  },
};
