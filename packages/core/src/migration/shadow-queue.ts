import type { EngineInternals } from "../engine/engine-internals.ts";
import { replayOptionsOf } from "./compare-options.ts";
import { RecordingComparison, skipped } from "./compare-recording.ts";
import type { ShadowOutcome } from "./outcomes.ts";
import type { Recording } from "./recording.ts";
import type { RolloutOptions } from "./rollout-options.ts";

const DEFAULT_MAX_BYTES = 16_000_000;

/** @throws {WorkflowError} INVALID_ARGUMENT for a path that cannot be read */
export function createShadowQueue(
  v2: EngineInternals,
  { maxPendingBytes = DEFAULT_MAX_BYTES, ...options }: NonNullable<RolloutOptions["compare"]>,
  onOutcome: (outcome: ShadowOutcome) => void,
): ShadowQueue {
  const comparison = new RecordingComparison(v2, replayOptionsOf(options, "createRollout: compare"));
  return new ShadowQueue(comparison, maxPendingBytes, onOutcome);
}

/** Compares recordings in the background, one at a time, within a number of bytes. */
export class ShadowQueue {
  readonly #comparison: RecordingComparison;
  readonly #maxBytes: number;
  readonly #onOutcome: (outcome: ShadowOutcome) => void;
  #bytes = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(comparison: RecordingComparison, maxBytes: number, onOutcome: (outcome: ShadowOutcome) => void) {
    this.#comparison = comparison;
    this.#maxBytes = maxBytes;
    this.#onOutcome = onOutcome;
  }

  /** Resolves once the recording was compared, or left out because too many wait. Never rejects. */
  add(recording: Recording): Promise<void> {
    const { workflowId, userId, recordingMs, bytes } = recording;
    if (this.#bytes + bytes > this.#maxBytes) {
      const at = new Date().toISOString();
      this.#onOutcome({ kind: "shadow", at, workflowId, userId, ...skipped("too-many"), recordingMs, durationMs: 0 });
      return Promise.resolve();
    }
    this.#bytes += bytes;
    this.#last = this.#last.then(async () => {
      // Calls that wait come first.
      await new Promise((resolve) => setImmediate(resolve));
      const outcome = await this.#comparison.compare(recording);
      this.#bytes -= bytes;
      this.#onOutcome(outcome);
    });
    return this.#last;
  }
}
