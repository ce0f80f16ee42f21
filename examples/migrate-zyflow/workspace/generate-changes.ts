import * as shapes from './change-shapes.ts';
import { seededRandom } from './random.ts';
import { TasksText } from './tasks-text.ts';
import { englishWords, koreanWords, type Vocabulary } from './vocabulary.ts';

/** One tasks.md to be. */
export interface GeneratedChange {
  readonly changeId: string;
  readonly archived: boolean;
  readonly text: string;
}

interface Plan {
  readonly changeId: string;
  readonly shape: shapes.ChangeShape;
  readonly words: Vocabulary;
  /** The share of tasks that are ticked, 0 to 1. */
  readonly ticked: number;
  readonly archived?: true;
  readonly encode?: (text: string) => string;
}

const crlf = (text: string) => text.replaceAll('\n', '\r\n');
const byteOrderMark = (text: string) => `\uFEFF${text.replace(/^# .*\n\n/, '')}`; // the first line is a section's

const plans: readonly Plan[] = [
  { changeId: 'add-offline-drafts', shape: shapes.numbered, words: englishWords, ticked: 0.4 },
  { changeId: 'add-search-suggestions', shape: shapes.looseParts, words: englishWords, ticked: 0.95 },
  { changeId: 'improve-first-start', shape: shapes.looseParts, words: koreanWords, ticked: 1 },
  { changeId: 'split-upload-queue', shape: shapes.threeLevels, words: englishWords, ticked: 0.5 },
  { changeId: 'unify-date-formats', shape: shapes.phased, words: koreanWords, ticked: 0.6 },
  { changeId: 'sign-webhooks', shape: shapes.plain, words: englishWords, ticked: 0.3 },
  { changeId: 'rework-settings', shape: shapes.nested, words: koreanWords, ticked: 0.5 },
  { changeId: 'document-task-format', shape: shapes.fenced, words: englishWords, ticked: 0.7 },
  { changeId: 'import-from-windows', shape: shapes.numbered, words: englishWords, ticked: 0.5, encode: crlf },
  { changeId: 'translate-screens', shape: shapes.numbered, words: koreanWords, ticked: 0.2 },
  { changeId: 'tidy-notifications', shape: shapes.starred, words: englishWords, ticked: 0.5 },
  { changeId: 'release-checklist', shape: shapes.repeating, words: englishWords, ticked: 0.4 },
  { changeId: 'limit-requests', shape: shapes.threeLevels, words: koreanWords, ticked: 0.3 },
  { changeId: 'export-reports', shape: shapes.plain, words: koreanWords, ticked: 0.1, encode: byteOrderMark },
  { changeId: 'add-audit-table', shape: shapes.numbered, words: englishWords, ticked: 1, archived: true },
  { changeId: 'replace-session-cookie', shape: shapes.phased, words: englishWords, ticked: 1, archived: true },
  { changeId: 'measure-start-up', shape: shapes.looseParts, words: koreanWords, ticked: 1, archived: true },
  { changeId: 'remove-polling', shape: shapes.plain, words: englishWords, ticked: 0.9, archived: true },
];

/** The changes of a project's folder: every shape of real ones, several hundred tasks, decided by the seed alone. */
export function generateChanges(seed: number): GeneratedChange[] {
  const random = seededRandom(seed);
  return plans.map(({ changeId, shape, words, ticked, archived = false, encode = (text) => text }) => {
    const own = random.fork();
    const text = new TasksText(`Tasks: ${changeId}`, own, words, ticked);
    shape(text, own, words);
    return { changeId, archived, text: encode(text.toString()) };
  });
}

/** A second project that has a change of the same name, begun from the same template: what F6 takes over. */
export function generateSiblingChanges(seed: number): GeneratedChange[] {
  const unticked = (text: string) => text.replaceAll(/\[[xX]\]/g, '[ ]');
  return generateChanges(seed)
    .filter(({ changeId }) => changeId === 'release-checklist' || changeId === 'sign-webhooks')
    .map((change) => ({ ...change, text: unticked(change.text) }));
}
