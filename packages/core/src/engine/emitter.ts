import type { Clock } from "../clock.ts";
import { tell } from "../tell.ts";
import type { EventBody, ExecutionEvent, LogLevel } from "./events.ts";
import type { ExecutionChanges } from "./execution-changes.ts";

/** Takes lines of text, each with facts in an object: `console`, winston, or a wrapper around another logger. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: Record<string, unknown>) => unknown>>;

/** The execution that an event is about. */
export interface EventSource {
  id: string;
  workflowId: string;
  userId: string;
  parentId?: string;
}

export interface EmitterOptions {
  clock: Clock;
  changes: ExecutionChanges;
  onEvent?: ((event: ExecutionEvent) => unknown) | undefined;
  /** Further listeners, of this package. They may come and go. */
  listeners?: ReadonlySet<(event: ExecutionEvent) => void> | undefined;
  logger?: Logger | undefined;
  /** Returns a copy of a line's facts without what is not to be shown. Default: they are shown as they are. */
  redact?: ((fields: object) => object) | undefined;
}

/** Passes events to the listener of an engine, and the lines of nodes to its logger. A listener that fails has no effect. */
export class Emitter {
  readonly #options: EmitterOptions;

  constructor(options: EmitterOptions) {
    this.#options = options;
  }

  /** True if there is a listener. */
  get isHeard(): boolean {
    const { onEvent, listeners } = this.#options;
    return onEvent !== undefined || (listeners?.size ?? 0) > 0;
  }

  /** Returns a function that takes the events of one execution. */
  of({ id: executionId, workflowId, userId, parentId }: EventSource): (event: EventBody) => void {
    const { changes, clock } = this.#options;
    const source = { executionId, workflowId, userId, ...(parentId === undefined ? {} : { parentId }) };
    return (given) => {
      const event = given.type === "log" ? this.#log(source, given) : given;
      if (event.type !== "log") changes.notify(executionId, !UNCOMMITTED.has(event.type));
      if (this.isHeard) {
        this.tell({ ...source, timestamp: clock.now(), ...event } as ExecutionEvent);
      }
    };
  }

  /** Notes that an execution has changed, for those who wait for it. */
  changed(executionId: string): void {
    this.#options.changes.notify(executionId);
  }

  /** Passes an event to all listeners. */
  tell(event: ExecutionEvent): void {
    const { onEvent, listeners = [] } = this.#options;
    if (onEvent !== undefined) tell(onEvent, event);
    for (const listener of listeners) tell(listener, event);
  }

  #log(source: object, event: Extract<EventBody, { type: "log" }>): typeof event {
    const { redact } = this.#options;
    const { level, message, fields, nodeId, nodeName, visit } = event;
    const shown = fields === undefined || redact === undefined ? fields : (redact(fields) as typeof fields);
    this.write(level, message, { ...shown, ...source, nodeId, nodeName, visit });
    return shown === fields ? event : { ...event, fields: shown as Record<string, unknown> };
  }

  /** Passes a line to the logger. */
  write(level: LogLevel, message: string, fields: Record<string, unknown>): void {
    const { logger = defaultLogger() } = this.#options;
    tell((line) => logger[level](line, fields), message);
  }
}

/** The events that no commit goes with. */
const UNCOMMITTED: ReadonlySet<EventBody["type"]> = new Set(["node.started", "node.skipped", "log"]);

/** Returns the console, in production without lines of level debug. */
export function defaultLogger(): Logger {
  const { info, warn, error } = console;
  return process.env.NODE_ENV === "production" ? { debug: () => undefined, info, warn, error } : console;
}
