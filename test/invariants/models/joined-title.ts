/**
 * Whether a title is what two edits of one title give together, without merging: each word as often as the base has it and
 * the sides added and took away; one that both added or took may count once.
 */
export function isJoinedTitle(title: string, base: string, local: string, remote: string): boolean {
  const words = [title, base, local, remote].map((text) => text.split(/\s+/));
  return [...new Set(words.flat())].every((word) => {
    const [now, before, ours, theirs] = words.map((some) => some.filter((each) => each === word).length) as [
      number,
      number,
      number,
      number,
    ];
    const once = ours > before === theirs > before ? Math.max(ours, theirs) : undefined;
    const least = ours < before && theirs < before ? Math.min(ours, theirs) : once;
    return now === ours + theirs - before || now === least;
  });
}
