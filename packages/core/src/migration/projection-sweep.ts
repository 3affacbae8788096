import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord, ListExecutionsOptions, WorkflowStatus } from "../store/checkpoint-store.ts";
import { isProjected, revisionOf } from "./projected-execution.ts";
import type { ProjectExecutionsOptions, ProjectionFailure, SweepReport, WrittenRevision } from "./projection-types.ts";
import type { Projector } from "./projector.ts";

const OPEN: readonly WorkflowStatus[] = ["pending", "running", "suspended"];
const ENDED: readonly WorkflowStatus[] = ["completed", "failed", "cancelled"];
/** The executions that are looked at together. */
const PAGE = 500;
/** The rows that are looked for in the store at the same time. */
const LOOKUPS = 20;
/**
 * How far a sweep looks back behind the one before it, in milliseconds: a commit may become visible a while after the
 * time that it carries.
 */
const OVERLAP_MS = 60_000;

interface SweepParts {
  readRevisions: ProjectExecutionsOptions["readRevisions"] | undefined;
  readRows: ProjectExecutionsOptions["readRows"] | undefined;
  onFailure: (failure: ProjectionFailure) => void;
  surroundings: Surroundings;
  projector: Projector;
  endedWithinMs: number;
  isStopped: () => boolean;
}

/** Looks through the store for executions whose newest state may not be in the table, and projects them. */
export class ProjectionSweep {
  readonly #parts: SweepParts;
  /** By the store's clock: what ended before is in the table, or ended before the first sweep looked back. */
  #sinceMs: number | undefined;
  /** By the store's clock: what was not changed since is in the table. */
  #completeMs = 0;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED */
  async run(): Promise<SweepReport> {
    const report: SweepReport = { found: 0, projected: 0, removed: 0, failed: 0 };
    const { surroundings, projector, endedWithinMs, isStopped } = this.#parts;
    projector.takeMissed();
    // The time of the store. If there is nothing yet, nothing needs it.
    const { items } = await surroundings.store.listExecutions({ limit: 1 });
    const beganMs = items[0]?.readAt;
    await this.#pages({ status: OPEN }, report);
    if (beganMs !== undefined) this.#sinceMs ??= Math.max(0, beganMs - endedWithinMs);
    // Ended ones after open ones: what ends in between is found.
    await this.#pages({ status: ENDED, endedAfter: this.#sinceMs ?? 0 }, report);
    await this.#rows(report);
    const isComplete = report.failed === 0 && !projector.takeMissed() && !isStopped();
    if (isComplete && beganMs !== undefined) {
      this.#completeMs = Math.max(0, beganMs - OVERLAP_MS);
      this.#sinceMs = Math.max(this.#sinceMs ?? 0, this.#completeMs);
    }
    return report;
  }

  async #pages(query: ListExecutionsOptions, report: SweepReport): Promise<void> {
    const { surroundings, projector, isStopped } = this.#parts;
    for (let cursor: string | undefined; !isStopped(); ) {
      const options = { ...query, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
      const { items, nextCursor } = await surroundings.store.listExecutions(options);
      const found = items.filter(isProjected);
      report.found += found.length;
      const outdated = await this.#outdated(found);
      report.projected += outdated.length;
      const written = await Promise.all(outdated.map(({ id }) => projector.project(id)));
      report.failed += written.filter((isWritten) => !isWritten).length;
      if (nextCursor === undefined) return;
      cursor = nextCursor;
    }
  }

  /** Removes rows whose executions are gone. */
  async #rows(report: SweepReport): Promise<void> {
    const { readRows, isStopped } = this.#parts;
    if (readRows === undefined) return;
    let batch: WrittenRevision[] = [];
    for await (const row of readRows()) {
      if (isStopped()) return;
      if (typeof row.revision === "string") batch.push(row);
      if (batch.length < LOOKUPS) continue;
      await this.#removeGone(batch, report);
      batch = [];
    }
    await this.#removeGone(batch, report);
  }

  async #removeGone(rows: readonly WrittenRevision[], report: SweepReport): Promise<void> {
    const { surroundings, projector } = this.#parts;
    const removed = await Promise.all(
      rows.map(async ({ executionId, revision }) => {
        if ((await surroundings.store.getExecution(executionId)) !== undefined) return undefined;
        projector.noteWritten(executionId, revision as string);
        return projector.project(executionId);
      }),
    );
    report.removed += removed.filter((isRemoved) => isRemoved !== undefined).length;
    report.failed += removed.filter((isRemoved) => isRemoved === false).length;
  }

  /** Those whose newest state is not known to be in the table. */
  async #outdated(found: readonly ExecutionRecord[]): Promise<ExecutionRecord[]> {
    const { projector, readRevisions, onFailure } = this.#parts;
    const isKnown = (head: ExecutionRecord) => projector.writtenOf(head.id) === revisionOf(head);
    const unknown = found.filter((head) => head.updatedAt >= this.#completeMs && !isKnown(head));
    if (readRevisions === undefined || unknown.length === 0) return unknown;
    try {
      for (const { executionId, revision } of await readRevisions(unknown.map(({ id }) => id))) {
        if (typeof revision === "string") projector.noteWritten(executionId, revision);
      }
    } catch (error) {
      // Then all of them are written: a write over a newer row changes nothing.
      onFailure({ error, failures: 1 });
    }
    return unknown.filter((head) => !isKnown(head));
  }
}
