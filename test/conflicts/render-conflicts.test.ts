import { describe, expect, it } from 'vitest';
import { renderConflicts } from '../../src/conflicts/render-conflicts.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';

const conflictsOf = (base: unknown, local: unknown, remote: unknown) =>
  threeWayMerge<unknown>({
    base,
    local,
    remote,
    localStamps: { timestamp: 1_700_000_000, nodeId: 'file<1>' },
  }).conflicts;
const hostile = '<script>alert("1")</script>&amp;';

describe('renderConflicts', () => {
  it('shows both sides beside the base as plain text', () => {
    const conflicts = conflictsOf({ title: 'a' }, { title: 'b' }, { title: 'c' });
    expect(renderConflicts(conflicts)).toBe(
      `1. /title
   FIELD_CONFLICT, medium, ${conflicts[0]!.id}
   both sides changed "title", each in its own way

base                                   | local                                  | remote
"a"                                    | 2023-11-14T22:13:20.000Z by file<1>    | "c"
                                       | "b"                                    |
`,
    );
  });

  it('lets no value, name or writer become HTML', () => {
    const html = renderConflicts(conflictsOf({ [hostile]: 'a' }, { [hostile]: hostile }, { [hostile]: "' onload='" }), {
      format: 'html',
    });
    expect(html).not.toContain('<script');
    expect(html).not.toContain('file<1>');
    expect(html).toContain('&lt;script&gt;alert(\\&quot;1\\&quot;)&lt;/script&gt;&amp;amp;');
    expect(html).not.toContain("'");
    expect(html).toMatch(/<td class="local"><pre dir="ltr">/);
  });

  it('lets no value become Markdown, and keeps it in its cell', () => {
    const value = '# head\n| cell | `code` [a](b) <b> ![i](j) ~~x~~ http://a.b';
    const markdown = renderConflicts(conflictsOf({ a: 'x' }, { a: value }, { a: '*y*' }), { format: 'markdown' });
    const row = markdown.split('\n').find((line) => line.includes('head'))!;
    expect(row.match(/(?<!\\)\|/g)).toHaveLength(4);
    expect(row).not.toMatch(/(?<!\\)[`[*#~]|<(?!br>)/);
    expect(row).toContain('http\\:\\/\\/a\\.b');
  });

  it('makes control characters and marks of direction visible', () => {
    for (const format of ['text', 'markdown', 'html'] as const) {
      const rendered = renderConflicts(
        conflictsOf({ 'a\u202e': 'x' }, { 'a\u202e': '\u202eevil\u0007\u200b' }, { 'a\u202e': 'y' }),
        { format },
      );
      expect(rendered.replaceAll('\n', '')).not.toMatch(/[\p{Cf}\p{Cc}]/u);
      expect(rendered).toContain(format === 'markdown' ? 'u\\{202e\\}evil' : '\\u{202e}evil');
    }
  });

  it('shortens long values around their difference', () => {
    const long = (middle: string) => ({ text: `${'a'.repeat(2_000)}${middle}${'z'.repeat(2_000)}` });
    const html = renderConflicts(conflictsOf(long('1'), long('2'), long('3')), { format: 'html', maxLength: 100 });
    expect(html.length).toBeLessThan(2_000);
    for (const middle of ['1', '2', '3']) expect(html).toContain(`a${middle}z`);
    expect(html).toContain('characters …');
  });

  it('shortens what has nothing in common too, and keeps characters whole', () => {
    const text = renderConflicts(conflictsOf({ t: 'x' }, { t: '😀'.repeat(1_000) }, { t: 'b'.repeat(1_000) }), {
      maxLength: 51,
    });
    expect(text.length).toBeLessThan(2_500);
    const faces = (face: string) => ({ t: '😀'.repeat(500) + face + '😀'.repeat(500) });
    const shown = renderConflicts(conflictsOf(faces('😁'), faces('😂'), faces('😃')), {
      format: 'html',
      maxLength: 101,
    });
    expect(shown).toContain('😀😂😀');
    expect(shown).not.toContain('\\u{d');
  });

  it('tells absent from null and from a text that says so', () => {
    const rendered = renderConflicts(conflictsOf({ a: '(nothing)' }, {}, { a: null }));
    expect(rendered).toContain('"(nothing)"');
    expect(rendered).toMatch(/\| null/);
    expect(rendered).toMatch(/\| \(nothing\)/);
  });

  it('is empty for no conflicts', () => {
    expect(renderConflicts([], { format: 'html' })).toBe('');
  });
});
