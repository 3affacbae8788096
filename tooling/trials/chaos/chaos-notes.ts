import type { WorkflowStatus } from "@waymark/core";

/** What a worker reports without waiting: what its store has done, and what its engine says. Some die with it. */
export type ChaosNote =
  /** A claim, or a creation, that was made. `recoveries`: of the record that it returned; `parentId`: of a new one. */
  | { what: "claim"; executionId: string; token: number; recoveries: number; parentId?: string }
  /** A commit that was made. `status`: if it changed that. */
  | {
      what: "commit";
      executionId: string;
      commitId: string;
      token: number;
      version: number;
      status?: WorkflowStatus;
    }
  /** A commit that was refused because the execution is another owner's. */
  | { what: "refused"; executionId: string; code: string }
  | { what: "fault" }
  /** A recovery has begun to look for what wants to run. */
  | { what: "pass" }
  /** A recovery has left an execution alone, since its engine could not run it. */
  | { what: "left"; executionId: string; code: string }
  /** A run has ended for good, as its engine says. */
  | { what: "ended"; executionId: string; status: WorkflowStatus };

/** Collects notes, and hands them on a few at a time. */
export class NoteBatch {
  readonly #send: (notes: readonly ChaosNote[]) => void;
  #waiting: ChaosNote[] = [];

  constructor(send: (notes: readonly ChaosNote[]) => void) {
    this.#send = send;
  }

  add(note: ChaosNote): void {
    if (this.#waiting.length === 0) setImmediate(() => this.flush());
    this.#waiting.push(note);
  }

  flush(): void {
    const notes = this.#waiting;
    this.#waiting = [];
    if (notes.length > 0) this.#send(notes);
  }
}
