import { isEnded, type WorkflowStatus } from "@waymark/core/store";
import type { CommitBase } from "./head-updates.ts";

// A tail is some 10 kB, and at most 33 kB; more only after a commit of dozens of checkpoints.
const MAX_KNOWN = 2_000;

/**
 * What this store last knew of executions that it commits to, so that a commit need not read the head first.
 *
 * - A hint only: the database compares token and version, so one that is out of date costs a round trip, no more.
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
    // To these nothing is committed before they are claimed.
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
