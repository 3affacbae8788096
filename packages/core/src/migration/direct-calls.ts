import { tell } from "../tell.ts";
import { cleanText } from "../text.ts";
import type { DirectOutcome } from "./outcomes.ts";

/** The first calls of a type are all reported, and then one of as many. */
const REPORTED = 100;
/** The lines of the stack that are kept. */
const MAX_FRAMES = 5;

/** Reports calls of V1's executors that belong to no run of a rollout. */
export class DirectCalls {
  readonly #counts = new Map<string, number>();
  #listener: ((outcome: DirectOutcome) => void) | undefined;

  /** The first rollout reports them: with several, each call would be reported as often. */
  listen(listener: (outcome: DirectOutcome) => void): void {
    this.#listener ??= listener;
  }

  /** @param above The function above which the stack begins. */
  note(nodeType: string, above: (...args: never[]) => unknown): void {
    if (this.#listener === undefined) return;
    const count = (this.#counts.get(nodeType) ?? 0) + 1;
    this.#counts.set(nodeType, count);
    if (count > REPORTED && count % REPORTED !== 0) return;
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, above);
    const frames = (holder.stack ?? "").split("\n").slice(1, 1 + MAX_FRAMES);
    const caller = cleanText(frames.map((frame) => frame.trim().replace(/^at /, "")).join(" ← "), 1_000);
    const outcome: DirectOutcome = { kind: "direct", at: new Date().toISOString(), nodeType, caller };
    tell(this.#listener, outcome);
  }
}
