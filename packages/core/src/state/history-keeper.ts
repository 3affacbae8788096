import type { CheckpointKind, CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import {
  dropPoint,
  droppedBefore,
  type KeptHistory,
  keptHistory,
  lookedBack,
  mustLookBack,
  withRecords,
} from "./history-limit.ts";
import { callStore, type Patience } from "./retry-store.ts";

/** One owner's view of how much of a history is kept, and what each commit drops of it. */
export class HistoryKeeper {
  readonly #limit: number;
  readonly #id: string;
  #kept: KeptHistory;
  #hasLookedBack = false;

  /** Takes the head, and the number of checkpoints from its newest snapshot on. */
  constructor(limit: number, head: ExecutionRecord, sinceSnapshot: number) {
    this.#limit = limit;
    this.#id = head.id;
    this.#kept = keptHistory(head, sinceSnapshot);
  }

  /** Too much is kept, and this owner has yet to find out what can be dropped. */
  get mustLookBack(): boolean {
    return (
      !this.#hasLookedBack && mustLookBack(this.#kept, this.#limit) && dropPoint(this.#kept, this.#limit) === undefined
    );
  }

  /** Looks for older snapshots, once. What the store does not answer is left to the next owner: this is no part of a run. */
  async lookBack(store: CheckpointStore, patience: Patience): Promise<void> {
    this.#hasLookedBack = true;
    const { firstSeq, snapshots } = this.#kept;
    const from = (snapshots[0]?.seq ?? firstSeq) - 1;
    try {
      const { recordsBackwards } = await import("./records-backwards.ts");
      const older = recordsBackwards(store, { id: this.#id, firstSeq }, from);
      const looking = lookedBack(this.#kept, this.#limit, older);
      this.#kept = await callStore(patience, () => looking, { giveUpAtMs: () => Number.NEGATIVE_INFINITY });
    } catch {
      // Nothing is dropped for now.
    }
  }

  /** What a commit of records of these kinds drops, and what is kept after it. */
  plan(kinds: readonly CheckpointKind[]): { dropBefore: number | undefined; after: KeptHistory } {
    const after = withRecords(this.#kept, kinds);
    const dropBefore = kinds.length === 0 ? undefined : dropPoint(after, this.#limit);
    return { dropBefore, after: dropBefore === undefined ? after : droppedBefore(after, dropBefore) };
  }

  /** Notes that a planned commit was made. */
  committed(after: KeptHistory): void {
    this.#kept = after;
  }
}
