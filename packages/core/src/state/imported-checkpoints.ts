import { MAX_CHECKPOINTS } from "../store/arguments.ts";
import type { Codec } from "./codec.ts";
import { commitError } from "./commit-error.ts";
import { describeFailure } from "./failure.ts";
import type { Journal } from "./journal.ts";
import type { ComposedCheckpoint, HeadChange, NodeEntry } from "./journal-entries.ts";
import type { ParsedCheckpoint, ParsedOutput } from "./parse-execution-output.ts";

/** The most characters of payloads in one commit: several stores keep a commit in one message or document. */
const MAX_CHARACTERS = 1_000_000;

/**
 * Writes the history of an old row, as many checkpoints as possible with each commit.
 *
 * - `end`: how the head changes with the last commit.
 */
export async function writeHistory(journal: Journal, codec: Codec, row: ParsedOutput, end: HeadChange): Promise<void> {
  const { checkpoints, currentContext, currentStep } = row;
  const batch = new CheckpointBatch(journal);
  for (const checkpoint of checkpoints) await batch.add(checkpoint);
  const { last } = batch;
  const isAtEnd =
    last?.after.currentStep === currentStep && codec.encode(last.after.context) === codec.encode(currentContext);
  if (isAtEnd) return batch.commit(end);
  await batch.commit();
  journal.replaceContext(currentContext);
  journal.setStep(currentStep);
  await journal.save(end);
}

/** Checkpoints that are made and not committed. */
class CheckpointBatch {
  readonly #journal: Journal;
  #composed: ComposedCheckpoint[] = [];
  #characters = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get last(): ComposedCheckpoint | undefined {
    return this.#composed.at(-1);
  }

  async add(checkpoint: ParsedCheckpoint): Promise<void> {
    if (!this.#fits(checkpoint)) await this.commit();
    const { nodeId, nodeName, stepNumber, context, timestamp, error } = checkpoint;
    const attempt = this.#journal.nextAttempt(nodeId);
    const entry: NodeEntry = { nodeId, nodeName, visit: 1, attempt, durationMs: 0, timestamp };
    if (error !== undefined) {
      const failure = describeFailure(error, { nodeId, nodeName, attempts: attempt });
      this.#journal.setStep(Math.max(0, stepNumber - 1));
      return commitError(this.#journal, { ...entry, error: failure });
    }
    const isStep = stepNumber > 0;
    const on = this.last?.after;
    if (on === undefined) this.#journal.setStep(isStep ? stepNumber - 1 : 0);
    const composed = this.#journal.compose(entry, {
      isStep,
      change: { context },
      ...(on === undefined ? {} : { on }),
    });
    this.#composed.push(composed);
    this.#characters += composed.payload.length;
  }

  async commit(head?: HeadChange): Promise<void> {
    const composed = this.#composed;
    if (composed.length === 0) return;
    this.#composed = [];
    this.#characters = 0;
    await this.#journal.commitComposed(composed, head);
  }

  /** The next one can be in the same commit: it is the next step, and the journal knows its attempt. */
  #fits({ nodeId, stepNumber, error }: ParsedCheckpoint): boolean {
    const { last } = this;
    if (last === undefined) return true;
    if (error !== undefined || stepNumber !== last.after.currentStep + 1) return false;
    if (this.#composed.length === MAX_CHECKPOINTS || this.#characters > MAX_CHARACTERS) return false;
    return this.#composed.every(({ entry }) => entry.nodeId !== nodeId);
  }
}
