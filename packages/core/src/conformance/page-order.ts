/** Rows in the order of an ascending listing: by `createdAt`, then by the bytes of the id's UTF-8. */
export function inOrder<Row extends { createdAt: number; id: string }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.createdAt - b.createdAt || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}
