interface LegacyTask {
  readonly id: string;
  readonly title: string;
  readonly completed: boolean;
  readonly lineNumber: number;
}

interface LegacyGroup {
  readonly id: string;
  readonly title: string;
  readonly majorOrder: number;
  readonly majorTitle: string;
  readonly subOrder: number;
  readonly tasks: LegacyTask[];
}

interface LegacyTasksFile {
  readonly changeId: string;
  readonly groups: readonly LegacyGroup[];
}

/**
 * Reads a tasks.md as ZyFlow's server does, mistakes included.
 *
 * F1: an unnumbered `###` straight below a `##` detaches the section, so what follows is collected in a group that nobody
 * keeps. F17: lines end in `\n` only, so a CRLF file has no groups, nor has a byte order mark's first header; code blocks
 * are not known, `*` bullets and indented checkboxes not seen.
 */
export function parseTasksFile(changeId: string, content: string): LegacyTasksFile {
  const groups: LegacyGroup[] = [];
  let current: LegacyGroup | null = null;
  let pending: LegacyGroup | null = null; // a `##` that is kept only once it has tasks or the next header is numbered
  let major = { order: 0, title: '' };
  let plainSections = 0;

  const keepPending = (evenIfEmpty: boolean) => {
    if (pending && (evenIfEmpty || pending.tasks.length > 0)) groups.push(pending);
    pending = null;
  };
  const openSection = (id: string, order: number, title: string) => {
    keepPending(false);
    major = { order, title };
    pending = { id, title, majorOrder: order, majorTitle: title, subOrder: 1, tasks: [] };
    current = pending;
  };

  for (const [index, line] of content.split('\n').entries()) {
    const section = sectionOf(line);
    if (section?.kind === 'plain') {
      plainSections++;
      openSection(`group-${plainSections}`, plainSections, section.title);
    } else if (section) {
      openSection(section.id, section.order, section.title);
    } else if (/^#{3,4}\s+[\d.]+\s+.+$/.test(line)) {
      const [, number = '', text = ''] = /^#{3,4}\s+([\d.]+)\s+(.+)$/.exec(line)!;
      keepPending(true);
      const [first, second] = number.split('.').map(Number);
      current = {
        id: `group-${number.replaceAll('.', '-')}`,
        title: `${number} ${text.trim()}`,
        majorOrder: major.title ? major.order : first!,
        majorTitle: major.title || `Section ${first}`,
        subOrder: second || 1,
        tasks: [],
      };
      groups.push(current);
    } else if (/^###\s+[^#\d].*$/.test(line)) {
      keepPending(false); // F1: `current` still is the section just let go
    } else if (current) {
      addTask(current, line, index + 1);
    }
  }
  keepPending(true);
  return { changeId, groups };
}

/** What a `##` line opens, and the group's id. */
export function sectionOf(line: string) {
  const numbered = /^##\s+(\d+)\.\s+(.+)$/.exec(line);
  if (numbered) {
    const [, order, title] = numbered;
    return { kind: 'numbered', id: `group-${order}`, order: Number(order), title: title!.trim() } as const;
  }
  const phase = /^##\s+Phase\s+(\d+):\s*(.+)$/i.exec(line);
  if (phase) {
    const [, order, title] = phase;
    const id = `group-phase-${order}`;
    return { kind: 'phase', id, order: Number(order), title: `Phase ${order}: ${title!.trim()}` } as const;
  }
  const plain = /^##\s+([^#].*)$/.exec(line);
  return plain ? ({ kind: 'plain', title: plain[1]!.trim() } as const) : null;
}

function addTask(group: LegacyGroup, line: string, lineNumber: number): void {
  const numbered = /^-\s+\[([ xX])\]\s+([\d.]+)\s+(.+)$/.exec(line);
  const match = numbered ?? /^-\s+\[([ xX])\]\s+(.+)$/.exec(line);
  if (!match) return;
  const id = numbered ? `task-${numbered[2]!.replaceAll('.', '-')}` : `task-${group.id}-${group.tasks.length + 1}`;
  group.tasks.push({ id, title: match.at(-1)!.trim(), completed: match[1] !== ' ', lineNumber });
}
