import type { WorkflowStatus } from "@waymark/core";
import { isEnded } from "@waymark/core/store";
import type { ChaosNote } from "./chaos-notes.ts";
import type { WorkerProcess } from "./worker-process.ts";

interface Commit {
  commitId: string;
  token: number;
  version: number;
}

/** Keeps what workers report of their stores: who has which execution, and whether anybody wrote without the right to. */
export class Ledger {
  claims = 0;
  /** Claims of executions whose owner was presumed dead. */
  recoveries = 0;
  faults = 0;
  /** How often recoveries have left to others what only these know. */
  left = 0;
  /** The executions that have started others. */
  readonly parents = new Set<string>();
  /** Commits that were refused since the execution had another owner. */
  refused = 0;
  longestRecoveryMs = 0;
  /** The ends that engines have told. */
  readonly ends = new Map<string, Set<WorkflowStatus>>();
  readonly #commits = new Map<string, Map<number, Commit>>();
  readonly #owners = new Map<string, { worker: WorkerProcess; token: number }>();
  /** When the owner of an execution was killed or frozen. */
  readonly #cutOff = new Map<string, number>();
  /** When an execution was first heard of, by `performance.now()`. */
  readonly #heardMs = new Map<string, number>();
  /** How often each worker's recovery has looked for what wants to run. */
  readonly #passes = new Map<WorkerProcess, number>();
  /** By an execution that wants to run: the passes of each worker when it was last touched, or first found so. */
  readonly #overdue = new Map<string, ReadonlyMap<WorkerProcess, number>>();
  readonly #violations: string[] = [];
  readonly #onEnd: (executionId: string, status: WorkflowStatus) => void;

  constructor(onEnd: (executionId: string, status: WorkflowStatus) => void) {
    this.#onEnd = onEnd;
  }

  take(worker: WorkerProcess, note: ChaosNote): void {
    if (note.what === "pass") this.#passes.set(worker, (this.#passes.get(worker) ?? 0) + 1);
    else if (note.what === "left") {
      this.#left(worker, note);
    } else if (note.what === "fault") this.faults += 1;
    else if (note.what === "refused") this.refused += note.code === "LEASE_LOST" ? 1 : 0;
    else if (note.what === "claim") this.#claimed(worker, note);
    else if (note.what === "commit") this.#committed(note);
    else {
      this.ends.set(note.executionId, (this.ends.get(note.executionId) ?? new Set()).add(note.status));
      this.#onEnd(note.executionId, note.status);
    }
  }

  /** Returns when an execution was first heard of; infinity if it never was. */
  heardMs(executionId: string): number {
    return this.#heardMs.get(executionId) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Returns how often each of these workers, at least, has looked for what wants to run since this execution does and
   * nobody has touched it. To be called for all that want to run, again and again.
   */
  passedOver(executionId: string, workers: readonly WorkerProcess[]): number {
    const before = this.#overdue.get(executionId);
    if (before === undefined) {
      this.#overdue.set(executionId, new Map(this.#passes));
      return 0;
    }
    return Math.min(...workers.map((each) => (this.#passes.get(each) ?? 0) - (before.get(each) ?? 0)));
  }

  /** Notes that a worker can do nothing any more, or that the store of all was away until now. */
  cutOff(worker?: WorkerProcess): void {
    for (const [executionId, owner] of this.#owners) {
      if (worker === undefined || owner.worker === worker) this.#cutOff.set(executionId, performance.now());
    }
  }

  /** The executions whose owner was cut off, and that nobody has claimed since, as far as workers have said. */
  get ownerless(): Iterable<string> {
    return this.#cutOff.keys();
  }

  /** Notes that an execution does not run: the worker that gave it up may have died before it could say so. */
  rests(executionId: string): void {
    this.#cutOff.delete(executionId);
    this.#owners.delete(executionId);
  }

  /** What must not be: two commits of one version, and a commit with an older token than one before it. */
  get violations(): string[] {
    const zombies = [...this.#commits].flatMap(([executionId, commits]) => {
      const inOrder = [...commits.values()].sort((one, other) => one.version - other.version);
      return inOrder.flatMap(({ version, token }, index) => {
        const { token: before = 0 } = inOrder[index - 1] ?? {};
        return token >= before ? [] : [`${executionId}: version ${version} has token ${token}, after ${before}`];
      });
    });
    return [...this.#violations, ...zombies];
  }

  /** A worker of the version before leaves what it does not know, and nothing else. */
  #left({ isOld }: WorkerProcess, { executionId, code }: ChaosNote & { what: "left" }): void {
    if (isOld && code === "UNKNOWN_NODE_TYPE") this.left += 1;
    else this.#violations.push(`${executionId}: a recovery has left it alone: ${code}`);
  }

  #touched(executionId: string): void {
    this.#overdue.delete(executionId);
    if (!this.#heardMs.has(executionId)) this.#heardMs.set(executionId, performance.now());
  }

  #claimed(worker: WorkerProcess, note: ChaosNote & { what: "claim" }): void {
    const { executionId, token, recoveries, parentId } = note;
    this.claims += 1;
    if (parentId !== undefined) this.parents.add(parentId);
    this.#touched(executionId);
    if (recoveries > 0) this.recoveries += 1;
    const { token: before = 0 } = this.#owners.get(executionId) ?? {};
    // What a worker said last may be read after what the next one said.
    if (token < before) return;
    this.#owners.set(executionId, { worker, token });
    const cutOffMs = this.#cutOff.get(executionId);
    this.#cutOff.delete(executionId);
    if (cutOffMs !== undefined) this.#recovered(performance.now() - cutOffMs);
  }

  #committed({ executionId, status, commitId, token, version }: ChaosNote & { what: "commit" }): void {
    this.#touched(executionId);
    const commits = this.#commits.get(executionId) ?? new Map<number, Commit>();
    this.#commits.set(executionId, commits);
    const same = commits.get(version);
    if (same !== undefined && same.commitId !== commitId) {
      this.#violations.push(
        `${executionId}: version ${version} was made twice, with tokens ${same.token} and ${token}`,
      );
    }
    commits.set(version, { commitId, token, version });
    const owner = this.#owners.get(executionId);
    if (owner !== undefined && owner.token > token) return;
    this.#cutOff.delete(executionId);
    if (status === undefined || status === "running") return;
    this.#owners.delete(executionId);
    if (isEnded(status)) this.#onEnd(executionId, status);
  }

  #recovered(afterMs: number): void {
    this.longestRecoveryMs = Math.max(this.longestRecoveryMs, Math.round(afterMs));
  }
}
