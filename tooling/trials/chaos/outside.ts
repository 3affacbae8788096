import { setTimeout as sleep } from "node:timers/promises";
import type { WorkflowStatus } from "@waymark/core";
import { isEnded } from "@waymark/core/store";
import type { Observed } from "./chaos-case.ts";
import { type BusyExecution, type ChaosControl, codeOf } from "./chaos-control.ts";
import { chaosAnswer } from "./chaos-executor.ts";
import { type ChaosPlan, chaosPlan, planOf } from "./chaos-workflow.ts";
import type { Effect } from "./effects-server.ts";

/** What the people and services outside need of a trial. */
export interface OutsideParts {
  seed: number;
  random: () => number;
  /** The engine of the trial's own process; `undefined` if it cannot open the store. */
  own: ChaosControl | undefined;
  /** A worker's engine. With `isCurrent`, not one of the version before. */
  worker: (which?: { isCurrent: boolean }) => ChaosControl;
  /** The executions that seem to wait for a recovery, also those that others have started. */
  ownerless: () => Iterable<string>;
  /** Called with each execution that is seen not to run. */
  onRest: (executionId: string) => void;
  /** Returns whether an execution has started others. */
  isParent: (executionId: string) => boolean;
  /** How often each recovery, at least, has passed over an execution that wants to run. */
  passedOver: (executionId: string) => number;
}

/** Milliseconds between two looks at the executions that have not ended. */
const POLL_MS = 1_000;

/** Milliseconds between two looks at what is left, once nothing is disturbed any more. */
const SETTLE_MS = 200;

/** An execution that wants to run is stuck once every recovery has looked so many times and none has taken it. */
const MAX_PASSES = 25;

/** Looks that find nothing to happen, after which nothing will: the last notes of workers have arrived by then. */
const MAX_QUIET_LOOKS = 25;

/** Milliseconds for which a cancel that is to meet children waits for the first of them. */
const MAX_WAIT_FOR_CHILD_MS = 20_000;

/** Refusals that pass: the store or worker is gone for a moment, another owner has the execution, nothing waits yet. */
const PASSING: ReadonlySet<string> = new Set(["STORE_UNAVAILABLE", "WORKER_GONE", "LEASE_HELD", "NOT_WAITING"]);

/** Starts, answers, cancels and forks the executions of a trial, as people and services outside the workers do. */
export class Outside {
  readonly executions = new Map<string, Observed>();
  /** The executions that have begun and not ended. */
  readonly open = new Set<string>();
  readonly violations: string[] = [];
  readonly #parts: OutsideParts;
  readonly #asked = new Set<string>();
  /** The executions that have ended as failed: an answer makes them due again. */
  readonly #failed = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  #started = 0;
  #isOver = false;
  #isClosed = false;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  /** Begins executions, so that this number is in flight, until it is over; then waits for their ends. */
  async run(inFlight: number, isOver: Promise<unknown>, settleMs: number): Promise<void> {
    const polling = this.#poll();
    const over = isOver.finally(() => {
      this.#isOver = true;
    });
    while (!this.#isOver) {
      while (this.open.size < inFlight) this.#begin(chaosPlan(this.#parts.seed, this.#started++));
      await Promise.race([sleep(10), over]);
    }
    await over;
    await this.#settle(performance.now() + settleMs);
    for (const executionId of this.open) this.violations.push(`${executionId}: has not ended`);
    this.open.clear();
    this.#isClosed = true;
    await Promise.all([polling, ...this.#work]);
  }

  /**
   * Waits until nothing is left to happen. How long that may take depends on the machine, so what is stuck is found by
   * what the recoveries have done. `untilMs` bounds what goes on for ever.
   */
  async #settle(untilMs: number): Promise<void> {
    const { passedOver } = this.#parts;
    for (let quiet = 0; ; ) {
      // Also children: those of what has failed go on, and one whose parent was cancelled may learn of it later.
      const busy = await this.#busy();
      const isAtRest = busy?.length === 0 && this.#work.size === 0;
      if (isAtRest && this.open.size === 0) return;
      quiet = isAtRest ? quiet + 1 : 0;
      const waiting = (busy ?? []).filter(({ isOverdue }) => isOverdue).map(({ id }) => passedOver(id));
      const stuck = waiting.filter((times) => times >= MAX_PASSES);
      const passes = Math.max(...stuck);
      // What waits for a child that is stuck looks at it again and again.
      const isStuck = stuck.length > 0 && (stuck.length === busy?.length || passes > 4 * MAX_PASSES);
      if (isStuck || quiet >= MAX_QUIET_LOOKS || performance.now() >= untilMs) {
        for (const { id, state } of busy ?? []) {
          this.violations.push(`${id}: has not come to rest, and was passed over ${passedOver(id)} times (${state})`);
        }
        return;
      }
      await sleep(SETTLE_MS);
    }
  }

  /** Answers a question: sometimes twice, and sometimes with a token that is none. */
  answer({ executionId, workflowId, nodeId, wait, waitToken }: Effect & { what: "ask" }): void {
    const node = planOf(workflowId)?.nodes[Number(nodeId.slice(1))];
    if (node === undefined || this.#asked.has(waitToken)) return;
    this.#asked.add(waitToken);
    const { random } = this.#parts;
    const answer = async () => {
      await sleep(300 * random());
      if (random() < 0.2) await this.#answerWrongly(executionId, waitToken);
      const give = async (control: ChaosControl) => {
        await control.answer(waitToken, chaosAnswer(node, wait));
        if (this.executions.has(executionId)) this.#answered(executionId);
      };
      if (!this.executions.has(executionId)) return this.#answerChild(executionId, give);
      await this.#untilDone(executionId, give);
      // The second answer may come too late.
      if (random() < 0.3) await this.#untilDone(executionId, give, 3);
    };
    this.#background(answer());
  }

  /** Notes an end that a worker has told. That of a failure counts once it is seen: an answer may end it again. */
  told(executionId: string, status: WorkflowStatus): void {
    if (status !== "failed") this.#ended(executionId, status);
  }

  #ended(executionId: string, status: WorkflowStatus): void {
    if (!this.open.delete(executionId)) return;
    if (status === "failed") this.#failed.add(executionId);
    const { plan, forkedAt } = this.#observed(executionId);
    if (status === "completed" && plan.isForked && forkedAt === undefined) this.#background(this.#fork(plan));
  }

  #answered(executionId: string): void {
    this.#observed(executionId).answers += 1;
    if (this.#failed.delete(executionId)) this.open.add(executionId);
  }

  #background(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.violations.push(`A call failed: ${error instanceof Error ? error.stack : error}`);
      })
      .finally(() => this.#work.delete(watched));
    this.#work.add(watched);
  }

  #begin(plan: ChaosPlan): void {
    this.executions.set(plan.executionId, { plan, isCancelled: false, answers: 0, results: [] });
    this.open.add(plan.executionId);
    this.#background(this.#tend(plan));
  }

  /** Does what a plan says is done to its execution from outside. */
  async #tend(plan: ChaosPlan): Promise<void> {
    const { executionId, isExecuted, cancelAfterMs, deadlineMs, isCut } = plan;
    if (isExecuted) {
      for (let time = 0; time < 2; time++) this.#background(this.#execute(plan));
      await sleep(500);
    }
    await this.#untilDone(executionId, (control) => control.start(executionId, deadlineMs));
    if (cancelAfterMs === undefined) return;
    // The note of the first child may be lost with the worker that has started it.
    const untilMs = performance.now() + MAX_WAIT_FOR_CHILD_MS;
    while (isCut && !this.#parts.isParent(executionId) && performance.now() < untilMs) await sleep(20);
    await sleep(cancelAfterMs);
    await this.#cancel(executionId);
  }

  /** Cancels an execution. A call that is interrupted is repeated: it may have ended the execution, and not its children. */
  async #cancel(executionId: string): Promise<void> {
    while (!this.#isClosed) {
      const begunMs = performance.now();
      try {
        const { isDone, overAt } = await this.#control().cancel(executionId);
        const observed = this.#observed(executionId);
        observed.cancel = { begunMs, overAt };
        observed.isCancelled = isDone;
        return;
      } catch (error) {
        if (!PASSING.has(codeOf(error))) throw error;
      }
      await sleep(20 + 100 * this.#parts.random());
    }
  }

  async #execute({ executionId, deadlineMs }: ChaosPlan): Promise<void> {
    try {
      const status = await this.#parts.worker({ isCurrent: true }).execute(executionId, deadlineMs);
      this.#observed(executionId).results.push(status);
    } catch (error) {
      // Recoveries continue what the worker has left.
      if (!PASSING.has(codeOf(error))) throw error;
    }
  }

  /** Answers a child, of which only its workers know, until that is done or it has ended. */
  async #answerChild(executionId: string, give: (control: ChaosControl) => Promise<void>): Promise<void> {
    while (!this.#isClosed) {
      try {
        return await give(this.#control());
      } catch (error) {
        if (!PASSING.has(codeOf(error))) throw error;
      }
      await sleep(20 + 100 * this.#parts.random());
      const { [executionId]: status } = await this.#statusesOf([executionId]);
      if (status !== undefined && isEnded(status)) return;
    }
  }

  async #statusesOf(executionIds: readonly string[]): Promise<Record<string, WorkflowStatus>> {
    try {
      return await this.#control().statuses(executionIds);
    } catch (error) {
      if (!PASSING.has(codeOf(error))) throw error;
      return {};
    }
  }

  /** Answers with a token that nothing has. */
  async #answerWrongly(executionId: string, waitToken: string): Promise<void> {
    const end = waitToken.endsWith("A") ? "B" : "A";
    try {
      await this.#control().answer(`${waitToken.slice(0, -1)}${end}`, { wait: -1, value: -1 });
      this.violations.push(`${executionId}: took an answer with a wrong token`);
    } catch (error) {
      if (!PASSING.has(codeOf(error))) throw error;
    }
  }

  /** Forks an execution that has completed. Of one whose id is lost with its worker nobody knows; it has to end, too. */
  async #fork(plan: ChaosPlan): Promise<void> {
    const forkedAt = Math.floor(this.#parts.random() * (plan.nodes.length + 1));
    try {
      const executionId = await this.#control().fork(plan.executionId, forkedAt);
      this.executions.set(executionId, { plan, forkedAt, isCancelled: false, answers: 0, results: [] });
      this.open.add(executionId);
    } catch (error) {
      // It has taken fewer steps than its workflow has nodes.
      if (codeOf(error) !== "INVALID_ARGUMENT" && !PASSING.has(codeOf(error))) throw error;
    }
  }

  /** Calls this process's own engine or a worker's, until it is done or the execution has ended. */
  async #untilDone<T>(
    executionId: string,
    call: (control: ChaosControl) => Promise<T>,
    tries = Number.POSITIVE_INFINITY,
  ): Promise<T | undefined> {
    for (let left = tries; left > 0 && this.open.has(executionId); left--) {
      try {
        return await call(this.#control());
      } catch (error) {
        if (!PASSING.has(codeOf(error))) throw error;
        await sleep(20 + 100 * this.#parts.random());
      }
    }
    return undefined;
  }

  /** Returns `undefined` if that cannot be known now. */
  async #busy(): Promise<BusyExecution[] | undefined> {
    try {
      return await this.#control().busy();
    } catch (error) {
      if (!PASSING.has(codeOf(error))) throw error;
      return undefined;
    }
  }

  #control(): ChaosControl {
    const { own, worker, random } = this.#parts;
    return own !== undefined && random() < 0.5 ? own : worker();
  }

  #observed(executionId: string): Observed {
    return this.executions.get(executionId) as Observed;
  }

  /** Looks for ends that nobody has told: a worker that is killed takes its last notes with it. */
  async #poll(): Promise<void> {
    while (!this.#isOver || this.open.size > 0 || this.#work.size > 0) {
      await sleep(POLL_MS);
      const asked = new Set([...this.open, ...this.#parts.ownerless()]);
      for (const [id, status] of Object.entries(await this.#statusesOf([...asked]))) {
        if (isEnded(status)) this.#ended(id, status);
        if (status !== "running") this.#parts.onRest(id);
      }
    }
  }
}
