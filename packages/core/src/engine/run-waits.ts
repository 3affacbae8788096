import type { Planner } from "../definition/planner.ts";
import { isWorkflowError } from "../errors.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { NodeAnswer, NodeWait } from "../state/progress.ts";
import { isOfAnother, waitTokenOf } from "../state/wait-token.ts";
import { listedWaits } from "../state/waiting.ts";
import type { HeadUpdate } from "../store/checkpoint-store.ts";
import type { AnswerRequest } from "./answers.ts";
import { afterRefusal } from "./decide.ts";
import type { SuspendedOutcome } from "./node-outcome.ts";
import { isOver, timedOut } from "./open-wait.ts";
import type { RunParts } from "./run-parts.ts";

interface PendingAnswer {
  request: AnswerRequest;
  resolve: (isKept: boolean) => void;
  reject: (error: unknown) => void;
}

/** The waits of one run: begins them, and ends them by answers and by time. */
export class RunWaits {
  readonly #parts: RunParts;
  readonly #planner: () => Planner;
  readonly #pending: PendingAnswer[] = [];
  #keeping: Promise<void> | undefined;
  readonly #sideBySide: { onKept(): void; inFlight(): readonly string[] } | undefined;
  #isQuiet = false;
  /** The nodes that have begun, or are to begin before any other. `undefined` between two nodes. */
  #inFlight: readonly string[] | undefined;
  #hasEnded = false;

  /**
   * - `planner`: the run's planner as it is now.
   * - `sideBySide`: for a run of which several nodes may be in flight. `onKept` is called when an answer was written, so
   *   that its node is ready.
   */
  constructor(parts: RunParts, planner: () => Planner, sideBySide?: { onKept(): void; inFlight(): readonly string[] }) {
    this.#parts = parts;
    this.#planner = planner;
    this.#sideBySide = sideBySide;
  }

  /** True if a node waits. */
  get any(): boolean {
    return this.#parts.journal.progress.waiting.size > 0;
  }

  /** True if an answer has come that is not on record. */
  get hasAnswers(): boolean {
    return this.#pending.length > 0;
  }

  /**
   * Takes an answer from outside. Resolves to true once the answer is on record, and to false if the run ended before
   * that, or has lost the execution.
   *
   * @throws {WorkflowError} NOT_WAITING, INVALID_ARGUMENT, and the codes of a commit
   */
  take(request: AnswerRequest): Promise<boolean> {
    if (this.#hasEnded) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      this.#pending.push({ request, resolve, reject });
      if (this.#isQuiet) void this.keepAnswers();
    });
  }

  /**
   * Begins a time in which nodes run or wait for their next attempts, and everything in the journal is committed. Until
   * {@link endQuiet}, answers are written as they come.
   */
  beginQuiet(...nodeIds: readonly string[]): void {
    this.#isQuiet = true;
    this.#inFlight = nodeIds;
    if (this.hasAnswers) void this.keepAnswers();
  }

  /** Ends the time that {@link beginQuiet} began. Returns the write of an answer that is under way, to be waited for. */
  endQuiet(): Promise<void> | undefined {
    this.#isQuiet = false;
    const isOver = (): void => {
      this.#inFlight = undefined;
    };
    if (this.#keeping !== undefined) return this.#keeping.finally(isOver);
    isOver();
    return undefined;
  }

  /** Writes the answers that have come. Call it only while everything else is committed. */
  keepAnswers(): Promise<void> {
    this.#keeping ??= this.#keepAll().finally(() => {
      this.#keeping = undefined;
    });
    return this.#keeping;
  }

  /** Wakes the nodes whose time to wait is over. */
  async timeOut(): Promise<void> {
    const { journal } = this.#parts;
    const now = journal.storeNow();
    const over = [...journal.progress.waiting.values()].filter((wait) => isOver(wait, now));
    if (over.length > 0) await this.#wake(over.map(timedOut));
  }

  /**
   * The wait that a node begins, the head that names it, and all waits that there are then.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
   */
  begin(
    run: NodeRun,
    { reason, payload, untilMs, forMs, token }: SuspendedOutcome,
  ): { wait: NodeWait; head: HeadUpdate; waiting: Iterable<NodeWait> } {
    const { journal, codec } = this.#parts;
    const sinceMs = journal.storeNow();
    const until = untilMs ?? (forMs === undefined ? undefined : journal.storeNowAtMost() + forMs);
    const wait: NodeWait = {
      ...run,
      token: token ?? nextWaitToken(this.#parts, run),
      sinceMs,
      ...(until === undefined ? {} : { untilMs: until }),
      ...(reason === undefined ? {} : { reason }),
      ...(payload === undefined ? {} : { payload: codec.take(payload, ["payload"]).value }),
    };
    const waiting = new Map(journal.progress.waiting).set(run.nodeId, wait);
    return { wait, head: this.#listed(waiting), waiting: waiting.values() };
  }

  /** Returns the time at which the execution wants to run without an answer, in milliseconds since the epoch. */
  wakeAt(waiting: Iterable<NodeWait> = this.#parts.journal.progress.waiting.values()): number | undefined {
    const times = Array.from(waiting, ({ untilMs }) => untilMs).filter((time) => time !== undefined);
    const { deadlineAt } = this.#parts;
    if (deadlineAt !== undefined) times.push(deadlineAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Ends the waits with their run. Answers that are not on record are left to the next owner. */
  end(): void {
    this.#hasEnded = true;
    for (const { resolve } of this.#pending.splice(0)) resolve(false);
  }

  async #keepAll(): Promise<void> {
    for (let pending = this.#pending.shift(); pending !== undefined; pending = this.#pending.shift()) {
      const { request, resolve, reject } = pending;
      try {
        const { answerFor, tokenRefused } = await import("./answers.ts");
        const { journal, workflow, emit, handOver } = this.#parts;
        const answer = answerFor({ journal, workflow, head: { status: "running" } }, request);
        const isForeign = isOfAnother(answer, journal.executionId);
        if (request.wakes === true && !isForeign) throw tokenRefused();
        if (isForeign && request.wakes !== true) await handOver(answer);
        await this.#wake([isForeign ? { ...answer, data: undefined } : answer]);
        if (request.wakes !== true) emit({ type: "node.answered", nodeId: answer.nodeId, visit: answer.visit });
        resolve(true);
      } catch (error) {
        // Another owner has the execution: the answer is for that one.
        if (isWorkflowError(error) && afterRefusal(error.code) === "lost") resolve(false);
        else reject(error);
      }
    }
  }

  async #wake(answers: readonly NodeAnswer[]): Promise<void> {
    const { journal, workflow } = this.#parts;
    const left = new Map(journal.progress.waiting);
    for (const { nodeId } of answers) left.delete(nodeId);
    const isFewer = left.size < journal.progress.waiting.size;
    // A node that is answered becomes ready, also one that comes before the node in flight.
    const inFlight = this.#inFlight ?? this.#sideBySide?.inFlight() ?? [];
    const begin = inFlight.length === 0 ? {} : { begin: inFlight };
    await journal.save(isFewer ? this.#listed(left) : {}, { answers, ...begin });
    // One whose answer is replaced may run already: it must not get a second place.
    const running = new Set(this.#sideBySide?.inFlight());
    for (const { nodeId } of answers) {
      const index = workflow.graph.indexOf.get(nodeId);
      if (index !== undefined && !running.has(nodeId)) this.#planner().wake(index);
    }
    this.#sideBySide?.onKept();
  }

  #listed(waiting: ReadonlyMap<string, NodeWait>): HeadUpdate {
    return listedWaits(waiting, nodeNames(this.#parts));
  }
}

/** Returns a function that finds the names of nodes, as checkpoints show them. */
export function nodeNames({ workflow }: Pick<RunParts, "workflow">): (nodeId: string) => string {
  const { steps, graph } = workflow;
  return (nodeId) => steps[graph.indexOf.get(nodeId) ?? -1]?.nodeName ?? nodeId;
}

/** Returns the token of a node's next wait in a visit. */
export function nextWaitToken({ journal, secret }: Pick<RunParts, "journal" | "secret">, run: NodeRun): string {
  const { instance = secret(), answers } = journal.progress;
  return waitTokenOf({ id: journal.executionId, instance }, run, answers.get(run.nodeId)?.token);
}
