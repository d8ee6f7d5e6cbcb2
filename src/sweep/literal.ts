/** Reads what Python would write: `0.1`, `True`, `[1, 'a']`, `{"a": None}`. JSON's own words are taken as well. */
export function parseLiteral(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

/**
 * Split a list as people type it, at the commas that are in no quotes and no brackets.
 *
 * @throws SyntaxError when a quote or bracket is not closed.
 */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote) {
      if (char === '\\') {
        at++;
      } else if (char === quote) {
        quote = '';
      }
    } else if (isQuote(char) && text.slice(from, at).trim() === '') {
      // A quote inside a word is an apostrophe.
      quote = char;
    } else if ('[{('.includes(char)) {
      depth++;
    } else if (']})'.includes(char)) {
      depth--;
    } else if (char === ',' && depth <= 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  if (quote) {
    throw new SyntaxError(`the ${quote} is not closed`);
  }
  if (depth > 0) {
    throw new SyntaxError('a bracket is not closed');
  }
  parts.push(text.slice(from).trim());
  return parts;
}

const isQuote = (char: string) => char === '"' || char === "'";

const WORDS: Readonly<Record<string, unknown>> = {
  True: true,
  true: true,
  False: false,
  false: false,
  None: null,
  null: null
};

const NUMBER = /[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?/iy;
const WORD = /[A-Za-z]+/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  0: '\0'
};

class Reader {
  constructor(private readonly _text: string) {}

  value(): unknown {
    this._space();
    const char = this._text[this._at];
    if (isQuote(char)) {
      return this._string(char);
    }
    if (char === '[') {
      return this._items(']');
    }
    if (char === '(') {
      return this._items(')');
    }
    if (char === '{') {
      return this._entries();
    }
    const number = this._match(NUMBER);
    if (number !== null) {
      return Number(number.replace(/_/g, ''));
    }
    const word = this._match(WORD);
    if (word !== null && word in WORDS) {
      return WORDS[word];
    }
    throw this._unexpected();
  }

  end(): void {
    this._space();
    if (this._at < this._text.length) {
      throw this._unexpected();
    }
  }

  private _items(close: string): unknown[] {
    const items: unknown[] = [];
    this._at++;
    while (!this._took(close)) {
      items.push(this.value());
      this._comma(close);
    }
    return items;
  }

  private _entries(): Record<string, unknown> {
    // A key may be __proto__, and is nothing special.
    const entries = new Map<string, unknown>();
    this._at++;
    while (!this._took('}')) {
      const key = this.value();
      if (typeof key !== 'string' || !this._took(':')) {
        throw this._unexpected();
      }
      entries.set(key, this.value());
      this._comma('}');
    }
    return Object.fromEntries(entries);
  }

  private _comma(close: string): void {
    this._space();
    if (!this._took(',') && this._text[this._at] !== close) {
      throw this._unexpected();
    }
  }

  private _string(quote: string): string {
    let value = '';
    for (this._at++; this._at < this._text.length; this._at++) {
      const char = this._text[this._at];
      if (char === quote) {
        this._at++;
        return value;
      }
      value += char === '\\' ? this._escaped() : char;
    }
    throw new SyntaxError(`the ${quote} is not closed`);
  }

  private _escaped(): string {
    const char = this._text[++this._at] ?? '';
    const digits = { x: 2, u: 4, U: 8 }[char];
    if (digits === undefined) {
      return (
        ESCAPES[char] ?? (isQuote(char) || char === '\\' ? char : `\\${char}`)
      );
    }
    const code = this._text.slice(this._at + 1, this._at + 1 + digits);
    if (code.length < digits || !/^[0-9a-f]+$/i.test(code)) {
      throw this._unexpected();
    }
    this._at += digits;
    return String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff));
  }

  private _took(char: string): boolean {
    this._space();
    if (this._text[this._at] !== char) {
      return false;
    }
    this._at++;
    return true;
  }

  private _match(pattern: RegExp): string | null {
    pattern.lastIndex = this._at;
    const found = pattern.exec(this._text);
    this._at += found?.[0].length ?? 0;
    return found && found[0];
  }

  private _space(): void {
    while (/\s/.test(this._text[this._at] ?? '')) {
      this._at++;
    }
  }

  private _unexpected(): SyntaxError {
    const rest = this._text.slice(this._at, this._at + 12);
    return new SyntaxError(rest ? `unexpected ${rest}` : 'it ends too early');
  }

  private _at = 0;
}
