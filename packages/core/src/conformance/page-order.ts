/** Sorts rows as an ascending listing does: by a time, `createdAt` by default, then by the UTF-8 bytes of the id. */
export function inOrder<Row extends { createdAt: number; id: string }>(
  rows: readonly Row[],
  timeOf: (row: Row) => number = (row) => row.createdAt,
): Row[] {
  return rows.toSorted((a, b) => timeOf(a) - timeOf(b) || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}
