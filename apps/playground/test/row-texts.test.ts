import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RowText, rowTexts } from "../src/import/row-texts.ts";

async function rowsOf(text: string, chunkLength = 3): Promise<unknown[]> {
  async function* chunks() {
    for (let at = 0; at < text.length; at += chunkLength) yield text.slice(at, at + chunkLength);
  }
  const rows: RowText[] = [];
  for await (const row of rowTexts(chunks())) rows.push(row);
  return rows.map((row) => ("text" in row ? JSON.parse(row.text) : row));
}

describe("rowTexts", () => {
  it("finds every row, however the file is written and divided", async () => {
    const value = fc.jsonValue({ maxDepth: 3 }).map((json) => ({ json }));
    const layout = fc.constantFrom<(rows: unknown[]) => string>(
      (rows) => JSON.stringify(rows),
      (rows) => `\uFEFF \n${JSON.stringify(rows, null, 2)}\n`,
      (rows) => rows.map((row) => JSON.stringify(row)).join("\n"),
      (rows) => rows.map((row) => `${JSON.stringify(row)} \r\n\n`).join(""),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 5 }),
        layout,
        fc.integer({ min: 1, max: 9 }),
        async (rows, write, length) => {
          expect(await rowsOf(write(rows), length)).toEqual(JSON.parse(JSON.stringify(rows)));
        },
      ),
    );
  });

  it("reports a file that is cut off, or continues after its array", async () => {
    expect(await rowsOf('[{"a":1},{"b":"[')).toEqual([{ a: 1 }, { problem: "the file ends inside of it" }]);
    expect(await rowsOf('[{"a":1}] {"b":1}')).toEqual([{ a: 1 }, { problem: "the file continues after its array" }]);
    expect(await rowsOf(" \n ")).toEqual([]);
    expect(await rowsOf("[ ]")).toEqual([]);
  });

  it("passes over a row that is too long, and holds none of it", async () => {
    async function* chunks() {
      yield '{"a":1}\n{"b":"';
      for (let index = 0; index < 65; index++) yield "x".repeat(1024 * 1024);
      yield '"}\n{"c":1}';
    }
    const rows: RowText[] = [];
    for await (const row of rowTexts(chunks())) rows.push(row);
    expect(rows).toEqual([
      { text: '{"a":1}' },
      { problem: expect.stringContaining("longer than 64") },
      { text: '{"c":1}' },
    ]);
  });
});
