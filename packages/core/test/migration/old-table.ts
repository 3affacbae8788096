import type { ImportRow } from "../../src/migration/index.ts";

/** How the row of an old table stands to an import. */
export type Kind = "completed" | "failed" | "cancelled" | "unfinished" | "broken" | "duplicate";

/** A row of an old table, and what an import is to make of it. */
export interface OldRow {
  row: ImportRow;
  kind: Kind;
}

const WORDS: Readonly<Record<Exclude<Kind, "broken" | "duplicate">, readonly (string | null)[]>> = {
  completed: ["completed", "SUCCESS", "done", "Finished"],
  failed: ["failed", "ERROR", "timed_out"],
  cancelled: ["cancelled", "Canceled", "aborted"],
  unfinished: ["running", "PENDING", "in_progress", "waiting", null],
};
const STEPS = 3;

function outputOf(index: number, { ran, error }: { ran: number; error?: string }) {
  const context = (step: number) => ({
    [`n${step}`]: true,
    index,
    // Data of users, in the form of the codec's own tags.
    doc: { $type: index % 2 === 0 ? "Date" : "Order", value: "2020-01-01T00:00:00.000Z" },
    note: index % 5 === 0 ? null : `row ${index}`,
  });
  const checkpoints = Array.from({ length: ran }, (_, step) => ({
    nodeId: `n${step + 1}`,
    nodeName: "default",
    stepNumber: step + 1,
    context: context(step + 1),
    timestamp: new Date(1_700_000_000_000 + index * 1_000 + step).toISOString(),
  }));
  const currentContext = checkpoints.at(-1)?.context ?? { index };
  return {
    checkpoints,
    currentContext,
    currentStep: ran,
    totalSteps: STEPS,
    ...(error === undefined ? {} : { error }),
  };
}

const BROKEN: readonly ((row: ImportRow) => unknown)[] = [
  (row) => ({ ...row, output: '{"checkpoints": [' }),
  (row) => ({ ...row, output: "" }),
  (row) => ({ ...row, output: [] }),
  (row) => ({ ...row, status: "shipped" }),
  (row) => ({ ...row, userId: "" }),
  (row) => ({ ...row, workflowId: null }),
  (row) => ({ ...row, createdAt: "yesterday" }),
  (row) => ({ ...row, output: { ...outputOf(0, { ran: 1 }), totalSteps: -1 } }),
  (row) => ({ ...row, surprise: true }),
];

/** An old table of this many rows, with every status, nulls, broken rows, keys like tags, and duplicates. */
export function oldTable(rows: number): OldRow[] {
  const table: OldRow[] = [];
  const kinds = ["completed", "failed", "cancelled", "unfinished"] as const;
  for (let index = 0; table.length < rows; index++) {
    const kind = kinds[index % kinds.length] ?? "completed";
    const ran = kind === "completed" ? STEPS : index % STEPS;
    const words = WORDS[kind];
    const status = words[Math.floor(index / kinds.length) % words.length] ?? null;
    const output = outputOf(index, { ran, ...(kind === "failed" ? { error: `error ${index}` } : {}) });
    const hasOutput = index % 7 !== 3;
    const row: ImportRow = {
      workflowId: "chain",
      userId: `u${index % 3}`,
      executionId: `row-${index}`,
      status,
      createdAt: new Date(1_700_000_000_000 + index * 1_000),
      endedAt: index % 4 === 1 ? null : 1_700_000_060_000 + index * 1_000,
      output: hasOutput ? (index % 2 === 0 ? JSON.stringify(output) : output) : index % 2 === 0 ? "null" : null,
    };
    if (index % 11 === 10) {
      const broken = BROKEN[index % BROKEN.length] as (row: ImportRow) => unknown;
      table.push({ kind: "broken", row: broken(row) as ImportRow });
      continue;
    }
    table.push({ kind, row });
    if (index % 13 === 12) table.push({ kind: "duplicate", row });
  }
  return table.slice(0, rows);
}

/** The rows of a table that are of a kind. */
export function rowsOf(table: readonly OldRow[], ...kinds: Kind[]): ImportRow[] {
  return table.filter(({ kind }) => kinds.includes(kind)).map(({ row }) => row);
}

/** What the report of an import of a table says. */
export function expectedCounts(table: readonly OldRow[]) {
  const count = (...kinds: Kind[]) => rowsOf(table, ...kinds).length;
  const whole = rowsOf(table, "completed", "failed", "cancelled", "unfinished");
  return {
    read: table.length,
    imported: whole.length,
    outcomes: {
      completed: count("completed"),
      failed: count("failed"),
      cancelled: count("cancelled"),
      unfinished: count("unfinished"),
    },
    withoutOutput: whole.filter(({ output }) => output === null || output === "null").length,
    replaced: 0,
    skipped: 0,
    duplicates: count("duplicate"),
    refused: count("broken"),
  };
}
