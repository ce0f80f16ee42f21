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
/** What is read, without marks. */
const plain = (html: string) => html.replace(/<\/?(?:ins|del)>/g, '');
const hostile = '<script>alert("1")</script>&amp;';

describe('renderConflicts', () => {
  it('shows both sides beside the base as plain text', () => {
    const conflicts = conflictsOf({ title: 'a' }, { title: 'b' }, { title: 'c' });
    expect(renderConflicts(conflicts)).toBe(
      `1. /title
   FIELD_CONFLICT, medium, ${conflicts[0]!.id}
   both sides changed "title", each in its own way

base                                   | local                                  | remote
                                       | 2023-11-14T22:13:20.000Z by file<1>    |
"a"                                    | "b"                                    | "c"
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
  });

  it('lets no value become Markdown, and keeps it in its cell', () => {
    const value = '# head\n| cell | `code` [a](b) <b> ![i](j) ~~x~~ http://a.b';
    const markdown = renderConflicts(conflictsOf({ a: 'x' }, { a: value }, { a: '*y*' }), { format: 'markdown' });
    const row = markdown.split('\n').find((line) => line.includes('head'))!;
    expect(row.match(/(?<!\\)\|/g)).toHaveLength(4);
    expect(row).not.toMatch(/(?<!\\)[`[*#~]|<(?!br>|\/?(?:ins|del)>)/);
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
    for (const middle of ['1', '2', '3']) expect(plain(html)).toContain(`a${middle}z`);
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
    expect(plain(shown)).toContain('😀😂😀');
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

  it('marks what is new on a side, and in the base what a side has not', () => {
    const html = renderConflicts(
      conflictsOf({ t: 'write the old notes' }, { t: 'write the new notes' }, { t: 'write notes' }),
      { format: 'html' },
    );
    expect(html).toContain('&quot;write <del>the old </del>notes&quot;');
    expect(html).toContain('&quot;write the <ins>new</ins> notes&quot;');
    expect(html).toContain('&quot;write notes&quot;');
    const added = renderConflicts(conflictsOf({}, { t: 'a shared word' }, { t: 'another shared word' }), {
      format: 'html',
    });
    expect(added).toContain('&quot;<ins>a</ins> shared word&quot;');
    expect(added).toContain('<em class="absent">(nothing)</em>');
  });

  it('shows each change of a long value, be it in the middle of what the other side left alone', () => {
    const words = Array.from({ length: 3_000 }, (_, at) => `word${at}`);
    const edited = (...places: number[]) => ({
      t: words.map((word, at) => (places.includes(at) ? 'NEW' : word)).join(' '),
    });
    const html = renderConflicts(conflictsOf(edited(), edited(0, 2_999), edited(1_500)), { format: 'html' });
    expect(html.match(/<ins>NEW<\/ins>/g)).toHaveLength(3);
    expect(html).toContain('word1499 <ins>NEW</ins> word1501');
    expect(html).toContain('<del>word1500</del>');
    expect(html.length).toBeLessThan(3_000);
  });

  it('is bounded in length, whatever is long: values, names, writers, and the number of changes', () => {
    const name = 'n'.repeat(100_000);
    const every = (which: number) =>
      Array.from({ length: 20_000 }, (_, at) => (at % 2 === 0 ? 'same' : `${which}-${at}`)).join(' ');
    for (const format of ['text', 'markdown', 'html'] as const) {
      const rendered = renderConflicts(conflictsOf({ [name]: every(0) }, { [name]: every(1) }, { [name]: every(2) }), {
        format,
      });
      expect(rendered.length).toBeLessThan(20_000);
    }
  });

  it('shows the lines of a text as lines, told from a backslash and an n', () => {
    const html = renderConflicts(conflictsOf('a', 'one\ntwo\\n', 'b'), { format: 'html' });
    expect(plain(html)).toContain('&quot;one\ntwo\\\\n&quot;');
  });

  it('makes visible what is drawn as nothing, or as a space that is none', () => {
    const hidden = ['\u3164', '\u115f', '\u2800', '\u00a0', '\u2003', '\ufe0f', '\u034f', '\u{e0100}'];
    for (const character of hidden) {
      const code = character.codePointAt(0)!.toString(16);
      expect(renderConflicts(conflictsOf('a', `a${character}`, 'b'))).toContain(`"a\\u{${code}}"`);
    }
    expect(renderConflicts(conflictsOf('a', '가　나', 'é'))).toContain('"가　나"');
  });

  it('keeps the columns of plain text where characters are two wide', () => {
    const lines = renderConflicts(conflictsOf('가나다', '라', '마')).split('\n');
    expect(lines.at(-2)).toBe(`"가나다"${' '.repeat(30)} | "라"${' '.repeat(34)} | "마"`);
  });

  it('lets no markup out of a page, and a page can run and load nothing', () => {
    const attacks = [
      hostile,
      '</pre></td><img src=x onerror=alert(1)>',
      'javascript:alert(1)',
      '</style><style>*{}',
      ']]>',
    ];
    for (const attack of attacks) {
      const page = renderConflicts(
        conflictsOf({ [attack]: attack }, { [attack]: `${attack}1` }, { [attack]: '"\'><b>' }),
        {
          format: 'page',
        },
      );
      const known =
        /<\/?(?:!doctype|html|head|meta|title|style|body|main|h1|h2|bdi|p|code|section|table|thead|tbody|tr|th|td|pre|small|ins|del|span)(?: [^<>]*)?>/g;
      expect(page.replace(known, '')).not.toMatch(/[<>](?! \*)/);
      expect(page).toContain("default-src 'none'");
      expect(page).not.toMatch(/ href=|<script|<img|url\(/);
    }
  });

  it.each([
    [{ format: 'HTML' }, 'options.format'],
    [{ format: 'toString' }, 'options.format'],
    [{ maxLength: 0 }, 'options.maxLength'],
    [{ maxLength: Number.NaN }, 'options.maxLength'],
  ])('refuses %j rather than write what is not escaped for where it is put', (options, argument) => {
    expect(() => renderConflicts([], options as never)).toThrow(expect.objectContaining({ argument }));
  });
});
