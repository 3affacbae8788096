import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord, ListExecutionsOptions, WorkflowStatus } from "../store/checkpoint-store.ts";
import { isProjected, revisionOf } from "./projected-execution.ts";
import type { ProjectExecutionsOptions, SweepReport } from "./projection-types.ts";
import type { Projector } from "./projector.ts";

const OPEN: readonly WorkflowStatus[] = ["pending", "running", "suspended"];
const ENDED: readonly WorkflowStatus[] = ["completed", "failed", "cancelled"];
/** The executions that are looked at together. */
const PAGE = 500;
/**
 * How far a sweep looks back behind the one before it, in milliseconds: a commit may become visible a while after the
 * time that it carries.
 */
const OVERLAP_MS = 60_000;

interface SweepParts {
  readRevisions: ProjectExecutionsOptions["readRevisions"] | undefined;
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
    const report: SweepReport = { found: 0, projected: 0, failed: 0 };
    const { surroundings, projector, endedWithinMs, isStopped } = this.#parts;
    projector.takeMissed();
    // The time of the store. If there is nothing yet, nothing needs it.
    const { items } = await surroundings.store.listExecutions({ limit: 1 });
    const beganMs = items[0]?.readAt;
    await this.#pages({ status: OPEN }, report);
    if (beganMs !== undefined) this.#sinceMs ??= Math.max(0, beganMs - endedWithinMs);
    // Ended ones after open ones: what ends in between is found.
    await this.#pages({ status: ENDED, endedAfter: this.#sinceMs ?? 0 }, report);
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

  /** Those whose newest state is not known to be in the table. */
  async #outdated(found: readonly ExecutionRecord[]): Promise<ExecutionRecord[]> {
    const { projector, readRevisions } = this.#parts;
    const isKnown = (head: ExecutionRecord) => projector.writtenOf(head.id) === revisionOf(head);
    const unknown = found.filter((head) => head.updatedAt >= this.#completeMs && !isKnown(head));
    if (readRevisions === undefined || unknown.length === 0) return unknown;
    for (const { executionId, revision } of await readRevisions(unknown.map(({ id }) => id))) {
      if (revision !== null) projector.noteWritten(executionId, revision);
    }
    return unknown.filter((head) => !isKnown(head));
  }
}
