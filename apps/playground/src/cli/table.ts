/** One column of a table. */
export interface Column<Row> {
  /** Above the column; several lines are set at the bottom. */
  title: string;
  /** Set above neighbouring columns that share it. */
  group?: string;
  align?: "left" | "right";
  cell: (row: Row) => string;
  /** Longer cells are cut. Characters. */
  maxWidth?: number;
  /** Applied after the widths are known: colours have no width. */
  paint?: (text: string, row: Row) => string;
}

const GAP = "  ";

/** Sets rows in columns; every line ends without blanks. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const cells = rows.map((row) => columns.map((column) => cut(column.cell(row), column.maxWidth)));
  const titles = columns.map(({ title }) => title.split("\n"));
  const widths = columns.map((_, index) => {
    const texts = [...(titles[index] as string[]), ...cells.map((line) => line[index] as string)];
    return Math.max(...texts.map((text) => text.length));
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

/** The groups' names, each with a rule over its columns; no line where there are no groups. */
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

/** Shortens a text to a width, with an ellipsis. */
export function cut(text: string, maxWidth = Number.POSITIVE_INFINITY): string {
  return text.length <= maxWidth ? text : `${text.slice(0, maxWidth - 1)}…`;
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}
