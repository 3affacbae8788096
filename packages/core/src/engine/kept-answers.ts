import type { Planner } from "../definition/planner.ts";
import { isWorkflowError } from "../errors.ts";
import { listedWaits } from "../state/listed-waits.ts";
import type { NodeAnswer } from "../state/progress.ts";
import { isOfAnother } from "../state/token-owner.ts";
import { type AnswerRequest, answerFor, tokenRefused } from "./answers.ts";
import { afterRefusal } from "./decide.ts";
import { nodeNames } from "./node-names.ts";
import type { RunParts } from "./run-parts.ts";

/** What the answers of a run are written with. */
interface AnswerParts {
  /** Returns the run's planner as it is now. */
  planner(): Planner;
  /** For a run of which several nodes may be in flight. */
  sideBySide: { onKept(): void; inFlight(): readonly string[] } | undefined;
  /** Returns the nodes that have begun, or are to begin before any other. */
  inFlight(): readonly string[];
}

/** Writes the answers to waits of a run, and makes the nodes ready that have waited. */
export class KeptAnswers {
  readonly #run: RunParts;
  readonly #parts: AnswerParts;

  constructor(run: RunParts, parts: AnswerParts) {
    this.#run = run;
    this.#parts = parts;
  }

  /**
   * Writes an answer from outside. Resolves to false if the run has lost the execution.
   *
   * @throws {WorkflowError} NOT_WAITING, INVALID_ARGUMENT, and the codes of a commit
   */
  async keep(request: AnswerRequest): Promise<boolean> {
    try {
      const { journal, workflow, emit, handOver } = this.#run;
      const answer = answerFor({ journal, workflow, head: { status: "running" } }, request);
      const isForeign = isOfAnother(answer, journal.executionId);
      if (request.wakes === true && !isForeign) throw tokenRefused();
      if (isForeign && request.wakes !== true) await handOver(answer);
      await this.wake([isForeign ? { ...answer, data: undefined } : answer]);
      if (request.wakes !== true) emit({ type: "node.answered", nodeId: answer.nodeId, visit: answer.visit });
      return true;
    } catch (error) {
      // Another owner has the execution: the answer is for that one.
      if (isWorkflowError(error) && afterRefusal(error.code) === "lost") return false;
      throw error;
    }
  }

  /** Writes answers, and makes their nodes ready. */
  async wake(answers: readonly NodeAnswer[]): Promise<void> {
    const { journal, workflow } = this.#run;
    const { planner, sideBySide } = this.#parts;
    const left = new Map(journal.progress.waiting);
    for (const { nodeId } of answers) left.delete(nodeId);
    const isFewer = left.size < journal.progress.waiting.size;
    // A node that is answered becomes ready, also one that comes before the node in flight.
    const inFlight = this.#parts.inFlight();
    const begin = inFlight.length === 0 ? {} : { begin: inFlight };
    await journal.save(isFewer ? listedWaits(left, nodeNames(this.#run)) : {}, { answers, ...begin });
    // One whose answer is replaced may run already: it must not get a second place.
    const running = new Set(sideBySide?.inFlight());
    for (const { nodeId } of answers) {
      const index = workflow.graph.indexOf.get(nodeId);
      if (index !== undefined && !running.has(nodeId)) planner().wake(index);
    }
    sideBySide?.onKept();
  }
}
