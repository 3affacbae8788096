import type { ImportRow } from "@waymark/core/migration";

export const ROWS = 300;
export const CHECKPOINTS = 20;

/** Rows of an old table. Every third one failed at its last step, so its import takes several commits. */
export function* importedRows(): Generator<ImportRow> {
  for (let row = 0; row < ROWS; row++) {
    const checkpoints = Array.from({ length: CHECKPOINTS }, (_, index) => ({
      nodeId: `n${index}`,
      nodeName: "http",
      stepNumber: index + 1,
      context: { row, step: Math.min(index, CHECKPOINTS - 2) },
      timestamp: new Date(1_700_000_000_000 + index).toISOString(),
      ...(row % 3 === 0 && index === CHECKPOINTS - 1 ? { error: "429" } : {}),
    }));
    const isWhole = row % 3 !== 0;
    const output = {
      checkpoints,
      currentContext: { row, step: CHECKPOINTS - 2 },
      currentStep: isWhole ? CHECKPOINTS : CHECKPOINTS - 1,
      totalSteps: CHECKPOINTS,
      ...(isWhole ? {} : { error: "429" }),
    };
    const ids = { executionId: `row-${row}`, workflowId: "w", userId: "u" };
    yield { ...ids, status: isWhole ? "completed" : "failed", output, createdAt: 1_700_000_000_000 + row };
  }
}
