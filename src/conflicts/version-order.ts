/** What a text says about versions: the highest release that it names. */
export interface NamedVersion {
  readonly numbers: readonly number[];
  /** Parts behind a hyphen; none for a release, which is higher than each of its prereleases. */
  readonly prerelease: readonly (string | number)[];
}

const version =
  /^[v=]?\s*(\d+(?:\.(?:\d+|[x*]))*)(?:\.?-?((?:alpha|beta|rc|dev|pre|next|canary)[\w.-]*)|-([\w.-]+))?(?:\+[\w.-]+)?$/i;
const operators = /^(?:\^|~>?|>=?|<=?|=)\s*/;

/**
 * The version in a text such as `1.2.3-rc.1`, `^1.2`, `~2.12`, `>=5.3.9`, or the highest of alternatives such as
 * `^2.0 || ^3.0`; undefined if it is anything else, be it in part.
 *
 * Source of the order: Semantic Versioning 2.0.0, section 11; missing numbers count as 0.
 */
export function parseVersion(text: unknown): NamedVersion | undefined {
  if (typeof text !== 'string' || text.length > 200) return undefined;
  const parts = text.split(/\s*(?:\|\|?|,)\s*|(?<=[\w*])\s+(?:-\s+)?/).map((part) => part.trim());
  const all = parts.map((part) => parseOne(part.replace(operators, '')));
  let highest: NamedVersion | undefined;
  for (const one of all) {
    if (!one) return undefined;
    if (!highest || compareNamed(one, highest) > 0) highest = one;
  }
  return highest;
}

function parseOne(text: string): NamedVersion | undefined {
  const found = version.exec(text);
  if (!found) return undefined;
  const prerelease = found[2] ?? found[3];
  return {
    // What a wildcard lets through is above every number.
    numbers: found[1]!.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : Number.POSITIVE_INFINITY)),
    prerelease:
      prerelease === undefined ? [] : prerelease.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  };
}

/**
 * Which of two texts names the higher version: below 0 for the second, above for the first, 0 if neither; undefined if
 * one of them is no version.
 */
export function compareVersions(a: unknown, b: unknown): number | undefined {
  const [one, other] = [parseVersion(a), parseVersion(b)];
  return one && other ? compareNamed(one, other) : undefined;
}

function compareNamed(a: NamedVersion, b: NamedVersion): number {
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at++) {
    const [one, other] = [a.numbers[at] ?? 0, b.numbers[at] ?? 0];
    if (one !== other) return one < other ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (let at = 0; at < Math.max(a.prerelease.length, b.prerelease.length); at++) {
    const [one, other] = [a.prerelease[at], b.prerelease[at]];
    if (one === other) continue;
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return 0;
}

const branch = /^(?:dev-[\w./-]+|self\.version|latest|next|(?:[\w.+-]+:)?[^\s#]*\/[^\s#]+#[\w./-]+)$/;
const commit = /#[\da-f]{7,40}$/;

/** Whether a text names what moves on, such as the branch of a repository, rather than one release. */
export function isMovingVersion(text: unknown): boolean {
  return typeof text === 'string' && text.length <= 200 && branch.test(text) && !commit.test(text);
}
