/** Markup that is safe to put into a page: made by `html` alone. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  /** Only for markup that holds nothing from outside, such as a style sheet. */
  static trusted(markup: string): Html {
    return new Html(markup);
  }
}

export type HtmlValue = Html | string | number | readonly HtmlValue[];

/** Markup from a template. What is put in is text, and escaped, unless it was made by `html` itself. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.trusted(
    strings.map((part, index) => `${part}${index in values ? markupOf(values[index]!) : ''}`).join(''),
  );
}

function markupOf(value: HtmlValue): string {
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(markupOf).join('');
  return String(value).replace(/[&<>"']/g, (character) => entities[character]!);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
