/** HTML in which whatever is put in is escaped, unless it is HTML already. */

/** A piece of finished HTML: made by the `html` tag, or by hand of text that is ours, like a style sheet. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Insertable = string | number | Html | undefined | readonly Insertable[];

/** The tag: html`<p>${text}</p>`. Lists are joined, undefined is nothing. */
export function html(pieces: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  return new Html(pieces.reduce((text, piece, at) => text + insert(values[at - 1]) + piece));
}

function insert(value: Insertable): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(insert).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
