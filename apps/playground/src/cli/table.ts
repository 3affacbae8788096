import stringWidth from "string-width";

/** One column of a table. */
export interface Column<Row> {
  /** Printed above the column. Several lines are aligned at the bottom. */
  title: string;
  /** Printed above neighbouring columns with the same group. */
  group?: string;
  align?: "left" | "right";
  cell: (row: Row) => string;
  /** The width above which cells are cut, in columns of the terminal. */
  maxWidth?: number;
  /** Adds colours after the widths are known, because colours have no width. */
  paint?: (text: string, row: Row) => string;
}

const GAP = "  ";

/** Prints rows in columns. No line ends with blanks. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const cells = rows.map((row) => columns.map((column) => cut(column.cell(row), column.maxWidth)));
  const titles = columns.map(({ title }) => title.split("\n"));
  const widths = columns.map((_, index) => {
    const texts = [...(titles[index] as string[]), ...cells.map((line) => line[index] as string)];
    return Math.max(...texts.map((text) => stringWidth(text)));
  });
  const height = Math.max(...titles.map((lines) => lines.length));
  const head = Array.from({ length: height }, (_, line) =>
    columns.map(({ align }, index) => {
      const lines = titles[index] as string[];
      return pad(lines[line - (height - lines.length)] ?? "", widths[index] as number, align);
    }),
  );
  return [
    ...groupLine(columns, widths).map(paintTitle),
    ...head.map((line) => paintTitle(line.join(GAP).trimEnd())),
    ...rows.map((row, index) =>
      columns
        .map(({ align, paint }, column) => {
          const text = pad(cells[index]?.[column] as string, widths[column] as number, align);
          return paint === undefined ? text : paint(text, row);
        })
        .join(GAP)
        .trimEnd(),
    ),
  ];
}

/** Returns a line with the names of the groups, or no line if there are no groups. */
function groupLine<Row>(columns: readonly Column<Row>[], widths: readonly number[]): string[] {
  if (columns.every(({ group }) => group === undefined)) return [];
  const spans: { group: string | undefined; width: number }[] = [];
  for (const [index, { group }] of columns.entries()) {
    const last = spans.at(-1);
    const width = widths[index] as number;
    if (last !== undefined && group !== undefined && last.group === group) last.width += GAP.length + width;
    else spans.push({ group, width });
  }
  const texts = spans.map(({ group, width }) =>
    group === undefined ? " ".repeat(width) : `${group} `.padEnd(width, "─"),
  );
  return [texts.join(GAP).trimEnd()];
}

/** Shortens a text to a width, in columns of the terminal, with an ellipsis. */
export function cut(text: string, maxWidth = Number.POSITIVE_INFINITY): string {
  if (stringWidth(text) <= maxWidth) return text;
  return `${beginning(text, maxWidth - 1)}…`;
}

/** Wraps a text at a width, in columns of the terminal. Wider words are split. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((one) => divide(one, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function divide(word: string, width: number): string[] {
  const parts: string[] = [];
  let rest = word;
  while (stringWidth(rest) > width) {
    const part = beginning(rest, width);
    if (part === "") break;
    parts.push(part);
    rest = rest.slice(part.length);
  }
  return [...parts, rest];
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Returns as much of a text as fits a width. It never splits a visible character. */
function beginning(text: string, width: number): string {
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - stringWidth(text)));
  return align === "right" ? blanks + text : text + blanks;
}
