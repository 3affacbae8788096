import { isEnded, type WorkflowStatus } from "@waymark/core/store";
import type { CommitBase } from "./head-updates.ts";

// A tail takes about 10 kB and at most 33 kB, except after a commit of dozens of checkpoints.
const MAX_KNOWN = 2_000;

/**
 * The last known state of executions to which this store commits, so that a commit need not read the head first.
 *
 * - It is only a hint: the database compares token and version, so an outdated state costs no more than a round trip.
 * - Suspended and ended executions are not kept: token and version alone do not show that they are.
 */
export class KnownBases {
  readonly #bases = new Map<string, CommitBase>();

  get(id: string): CommitBase | undefined {
    return this.#bases.get(id);
  }

  set(id: string, head: CommitBase): void {
    const { incarnation, token, version, seq, firstSeq, checkpointsCount, status, lastCommitId, tail } = head;
    const base: CommitBase = { incarnation, token, version, seq, firstSeq, checkpointsCount, status, tail };
    if (lastCommitId !== undefined) base.lastCommitId = lastCommitId;
    this.#bases.delete(id);
    // These must be claimed before anything is committed.
    if (status === "suspended" || isEnded(status as WorkflowStatus)) return;
    this.#bases.set(id, base);
    if (this.#bases.size <= MAX_KNOWN) return;
    for (const oldest of this.#bases.keys()) {
      this.#bases.delete(oldest);
      break;
    }
  }

  forget(id: string): void {
    this.#bases.delete(id);
  }
}
