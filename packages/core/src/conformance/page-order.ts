/** Rows in the order of an ascending listing: by a time, `createdAt` by default, then by the bytes of the id's UTF-8. */
export function inOrder<Row extends { createdAt: number; id: string }>(
  rows: readonly Row[],
  timeOf: (row: Row) => number = (row) => row.createdAt,
): Row[] {
  return rows.toSorted((a, b) => timeOf(a) - timeOf(b) || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}
