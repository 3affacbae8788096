import type { Planner } from "../definition/planner.ts";
import type { NodeWait } from "../state/progress.ts";
import type { AnswerRequest } from "./answers.ts";
import type { KeptAnswers } from "./kept-answers.ts";
import { isOver, timedOut } from "./open-wait.ts";
import type { RunParts } from "./run-parts.ts";

interface PendingAnswer {
  request: AnswerRequest;
  resolve: (isKept: boolean) => void;
  reject: (error: unknown) => void;
}

/** The waits of one run: ends them by answers and by time. */
export class RunWaits {
  readonly #parts: RunParts;
  readonly #planner: () => Planner;
  readonly #pending: PendingAnswer[] = [];
  #keeping: Promise<void> | undefined;
  readonly #sideBySide: SideBySide | undefined;
  #isQuiet = false;
  /** The nodes that have begun, or are to begin before any other. `undefined` between two nodes. */
  #inFlight: readonly string[] | undefined;
  #hasEnded = false;
  #kept: Promise<KeptAnswers> | undefined;

  /**
   * - `planner`: the run's planner as it is now.
   * - `sideBySide`: for a run of which several nodes may be in flight.
   */
  constructor(parts: RunParts, planner: () => Planner, sideBySide?: SideBySide) {
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
    if (over.length > 0) await (await this.#answers()).wake(over.map(timedOut));
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
        resolve(await (await this.#answers()).keep(request));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Loaded with the first wait that ends during the run. */
  #answers(): Promise<KeptAnswers> {
    this.#kept ??= import("./kept-answers.ts").then(
      ({ KeptAnswers }) =>
        new KeptAnswers(this.#parts, {
          planner: this.#planner,
          sideBySide: this.#sideBySide,
          inFlight: () => this.#inFlight ?? this.#sideBySide?.inFlight() ?? [],
        }),
    );
    return this.#kept;
  }
}

/** What of a run of which several nodes may be in flight its waits work with. */
export interface SideBySide {
  /** Called when an answer was written, so that its node is ready. */
  onKept(): void;
  inFlight(): readonly string[];
}
