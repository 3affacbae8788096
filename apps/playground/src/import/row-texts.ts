/** The longest row, in characters. */
const MAX_ROW = 64 * 1024 * 1024;

/** The text of a row, or the reason why there is none. */
export type RowText = { text: string } | { problem: string };

/**
 * Splits a file of rows into the texts of its rows: the items of a JSON array, or lines of JSON (NDJSON).
 *
 * - Holds one row at a time. A row that is too long is passed over.
 */
export async function* rowTexts(chunks: AsyncIterable<string>): AsyncGenerator<RowText> {
  let splitter: ItemSplitter | LineSplitter | undefined;
  for await (const chunk of chunks) {
    let text = chunk;
    if (splitter === undefined) {
      text = text.replace(/^[\uFEFF\s]+/, "");
      if (text === "") continue;
      splitter = text.startsWith("[") ? new ItemSplitter() : new LineSplitter();
    }
    yield* splitter.take(text);
  }
  if (splitter !== undefined) yield* splitter.end();
}

/** Collects the text of one row. */
class Row {
  #parts: string[] = [];
  #length = 0;

  add(part: string): void {
    this.#length += part.length;
    if (this.#length <= MAX_ROW) this.#parts.push(part);
    else this.#parts = [];
  }

  /** The row, if there is more than blanks, and begins the next one. */
  *take(): Generator<RowText> {
    const text = this.#parts.join("").trim();
    const isTooLong = this.#length > MAX_ROW;
    this.#parts = [];
    this.#length = 0;
    if (isTooLong) yield { problem: `it is longer than ${MAX_ROW / 1024 / 1024} Mi characters` };
    else if (text !== "") yield { text };
  }
}

class LineSplitter {
  readonly #row = new Row();

  *take(chunk: string): Generator<RowText> {
    const lines = chunk.split("\n");
    for (const [index, line] of lines.entries()) {
      this.#row.add(line);
      if (index < lines.length - 1) yield* this.#row.take();
    }
  }

  *end(): Generator<RowText> {
    yield* this.#row.take();
  }
}

/** Finds the commas between the items of an array. */
class ItemSplitter {
  readonly #row = new Row();
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  #isOver = false;

  *take(chunk: string): Generator<RowText> {
    let start = 0;
    for (let at = 0; at < chunk.length && !this.#isOver; at++) {
      if (!this.#isBoundary(chunk[at] as string)) continue;
      this.#row.add(chunk.slice(start, at));
      yield* this.#row.take();
      start = at + 1;
    }
    this.#row.add(chunk.slice(start));
  }

  *end(): Generator<RowText> {
    const [left] = this.#row.take();
    if (!this.#isOver) yield { problem: "the file ends inside of it" };
    else if (left !== undefined) yield { problem: "the file continues after its array" };
  }

  /** Takes a character; true at the start of the array, at its end, and between two items. */
  #isBoundary(character: string): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === "\\") this.#isEscaped = true;
      else if (character === '"') this.#isInText = false;
      return false;
    }
    if (character === '"') this.#isInText = true;
    else if (character === "[" || character === "{") return ++this.#depth === 1;
    else if (character === "]" || character === "}") this.#isOver = --this.#depth === 0;
    return this.#isOver || (character === "," && this.#depth === 1);
  }
}
