import type { ProjectedExecution, WrittenRevision } from "../../src/migration/index.ts";

/** The application's table: keeps the row with the greatest revision, as the recipes do. */
export class Table {
  readonly rows = new Map<string, ProjectedExecution>();
  /** What was written, in order. */
  readonly writes: ProjectedExecution[] = [];

  readonly write = async (row: ProjectedExecution): Promise<void> => {
    this.writes.push(row);
    const before = this.rows.get(row.executionId);
    if (before === undefined || before.revision < row.revision) this.rows.set(row.executionId, row);
  };

  readonly readRevisions = async (ids: string[]): Promise<WrittenRevision[]> =>
    ids.flatMap((executionId) => {
      const row = this.rows.get(executionId);
      return row === undefined ? [] : [{ executionId, revision: row.revision }];
    });
}
