import type { Random } from './random.ts';
import type { TasksText } from './tasks-text.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Fills a tasks.md in one of the ways in which people write them. */
export type ChangeShape = (text: TasksText, random: Random, words: Vocabulary) => void;

const times = (random: Random, min: number, max: number, run: (n: number) => void) => {
  const count = random.integer(min, max);
  for (let n = 1; n <= count; n++) run(n);
};

/** `## 1. Section`, `- [ ] 1.1 task`. */
export const numbered: ChangeShape = (text, random, words) =>
  times(random, 4, 6, (section) => {
    text.heading(2, `${section}. ${random.pick(words.sections)}`);
    times(random, 4, 6, (task) => {
      text.task({ before: `${section}.${task} ` });
      if (random.chance(0.15)) text.note();
    });
  });

/** `## 1. Section`, `### 1.1 Part`, `- [ ] 1.1.1 task`. */
export const threeLevels: ChangeShape = (text, random, words) =>
  times(random, 3, 4, (major) => {
    text.heading(2, `${major}. ${random.pick(words.phases)}`);
    times(random, 2, 3, (sub) => {
      text.heading(3, `${major}.${sub} ${random.pick(words.sections)}`);
      times(random, 3, 4, (task) => text.task({ before: `${major}.${sub}.${task} ` }));
    });
  });

/** `## Phase 0: Name`, `### 0.1 Part`, `- [ ] 0.1.1 task`. */
export const phased: ChangeShape = (text, random, words) =>
  times(random, 3, 4, (phase) => {
    text.heading(2, `Phase ${phase - 1}: ${random.pick(words.phases)}`);
    times(random, 2, 2, (sub) => {
      text.heading(3, `${phase - 1}.${sub} ${random.pick(words.sections)}`);
      times(random, 3, 4, (task) => text.task({ before: `${phase - 1}.${sub}.${task} ` }));
    });
  });

/** `## Section`, `- [ ] task`. */
export const plain: ChangeShape = (text, random, words) =>
  times(random, 4, 5, () => {
    text.heading(2, random.pick(words.sections));
    times(random, 4, 6, () => text.task());
  });

/** `## Phase 1: Name`, then unnumbered `### Part` at once: the tasks below are those that F1 drops. */
export const looseParts: ChangeShape = (text, random, words) =>
  times(random, 3, 4, (phase) => {
    text.heading(2, `Phase ${phase}: ${random.pick(words.phases)}`);
    times(random, 2, 3, () => {
      text.heading(3, random.pick(words.sections));
      times(random, 3, 4, () => text.task());
    });
  });

/** Checkboxes below checkboxes, by two spaces and by a tab. */
export const nested: ChangeShape = (text, random, words) =>
  times(random, 3, 4, (section) => {
    text.heading(2, `${section}. ${random.pick(words.sections)}`);
    times(random, 3, 4, (task) => {
      text.task({ before: `${section}.${task} ` });
      times(random, 0, 2, () => text.task({ indent: random.pick(['  ', '\t']) }));
    });
  });

/** Numbered sections around a code block with checkboxes in it. */
export const fenced: ChangeShape = (text, random, words) => {
  numbered(text, random, words);
  text.fence();
  text.heading(2, '8. Documentation');
  times(random, 3, 3, (task) => text.task({ before: `8.${task} ` }));
};

/** Stars for bullets. */
export const starred: ChangeShape = (text, random, words) =>
  times(random, 3, 4, () => {
    text.heading(2, random.pick(words.sections));
    times(random, 4, 5, () => text.task({ bullet: '*' }));
  });

/** The same titles in several sections, as checklists have them. */
export const repeating: ChangeShape = (text, random, words) => {
  plain(text, random, words);
  text.heading(2, words.phases.at(-1)!);
  times(random, 3, 3, () => text.task({ title: text.repeatedTitle() }));
};
