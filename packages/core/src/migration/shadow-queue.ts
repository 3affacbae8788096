import type { EngineInternals } from "../engine/engine-internals.ts";
import { RecordingComparison, skipped } from "./compare-recording.ts";
import type { ShadowOutcome } from "./outcomes.ts";
import { parsePathPattern } from "./path-pattern.ts";
import type { Recording } from "./recording.ts";
import type { CompareOptions } from "./rollout-options.ts";

const DEFAULTS = { timeoutMs: 5_000, maxPendingBytes: 16_000_000 };

/** @throws {WorkflowError} INVALID_ARGUMENT for a path that cannot be read */
export function createShadowQueue(
  v2: EngineInternals,
  options: CompareOptions,
  onOutcome: (outcome: ShadowOutcome) => void,
): ShadowQueue {
  const {
    live = [],
    ignore = [],
    timeoutMs = DEFAULTS.timeoutMs,
    maxPendingBytes = DEFAULTS.maxPendingBytes,
  } = options;
  const ignored = ignore.map((path) => parsePathPattern(path, "createRollout: compare: ignore"));
  const isLive = (type: string): boolean => {
    if (typeof live !== "function") return live.includes(type);
    try {
      return live(type) === true;
    } catch {
      return false;
    }
  };
  return new ShadowQueue(new RecordingComparison(v2, { ignored, isLive, timeoutMs }), maxPendingBytes, onOutcome);
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
