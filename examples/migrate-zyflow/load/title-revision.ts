/** The load rewords a task by numbering its title, so that it knows the task again whatever system shows it. */
const numbered = /^(.*) \(r(\d+)\)$/;

/** The title before the load reworded it. */
export const firstTitle = (title: string): string => numbered.exec(title)?.[1] ?? title;

/** How often the title was reworded. */
export const revision = (title: string): number => Number(numbered.exec(title)?.[2] ?? 0);

export const nextTitle = (title: string): string => `${firstTitle(title)} (r${revision(title) + 1})`;
