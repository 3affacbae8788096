import type { HistoryRange } from "@waymark/core/store";
import type { Row, Run } from "./database.ts";
import { SharedCalls } from "./shared-calls.ts";
import { faultOf } from "./sql/history-range.ts";
import type { Statements } from "./sql/statements.ts";

interface Read {
  id: string;
  range: HistoryRange;
}

/**
 * Reads the rows of histories. Those of one turn of the event loop that are short share a statement: a worker that has
 * taken jobs reads all their executions at once.
 *
 * - A statement that is shared returns of each history no more than its bounds, in records and bytes. A history that is
 *   not whole then is read again alone, which also tells a long one from a damaged one.
 */
export class HistoryReads {
  readonly #run: Run;
  readonly #statements: Statements;
  readonly #shared: SharedCalls<Read>;

  constructor(statements: Statements, run: Run) {
    this.#run = run;
    this.#statements = statements;
    this.#shared = new SharedCalls({
      one: (read, startedAt) => this.#alone(read, startedAt),
      together: (reads, startedAt) => this.#together(reads, startedAt),
    });
  }

  /** Returns a row for each record, one of NULLs if there is none, and no row if there is no such execution. */
  async read(id: string, range: HistoryRange): Promise<Row[]> {
    const startedAt = performance.now();
    if (range.order !== "asc" || range.limit !== undefined) return this.#alone({ id, range }, startedAt);
    const rows = await this.#shared.call({ id, range });
    const isWhole = rows.length === 0 || faultOf(rows, range) === undefined;
    return isWhole ? rows : this.#alone({ id, range }, startedAt);
  }

  async #alone({ id, range }: Read, startedAt: number): Promise<Row[]> {
    const { from, to, limit = null, order } = range;
    const { readAscending, readDescending } = this.#statements;
    const statement = order === "asc" ? readAscending : readDescending;
    return (await this.#run(statement, [id, from, to, limit], { startedAt })).rows;
  }

  async #together(reads: readonly Read[], startedAt: number): Promise<Row[]> {
    const lowest = reads.map(({ range }) => range.from);
    const highest = reads.map(({ range }) => range.to);
    const values = [reads.map(({ id }) => id), lowest, highest];
    return (await this.#run(this.#statements.readSeveral, values, { startedAt })).rows;
  }
}
