import type { Clock } from "../clock.ts";
import type { Emitter } from "./emitter.ts";
import type { EngineEvent } from "./events.ts";

const LINES: Readonly<Record<EngineEvent["type"], string>> = {
  "recovery.left": "A recovery leaves an execution as it is: this engine cannot run it.",
  "recovery.failed": "A recovery could not look for executions. It tries again.",
  "recovery.ended":
    "A recovery has ended, because its store was closed. Stop it, or drain the engine, before you close the store.",
  "dispatch.failed": "The queue has not taken a job. A worker that looks into the store finds the execution.",
};

/** Returns a function that takes events of an engine itself: for its listeners, and as a warning for its logger. */
export function engineEvents(emitter: Emitter, clock: Clock): (event: EngineEvent) => void {
  return (event) => {
    emitter.tell({ timestamp: clock.now(), ...event });
    const { type, ...fields } = event;
    emitter.write("warn", LINES[type], fields);
  };
}
