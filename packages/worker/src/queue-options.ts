import { WorkflowError } from "@waymark/core";
import { invalidArgument } from "@waymark/core/store";
import type { TicksAfter } from "./last-tick.ts";
import type { OnError } from "./report.ts";

/** Options that every dispatcher has. */
export interface QueueOptions {
  /** The name of the queue: letters, digits, underscores, hyphens and periods. Default: "waymark". */
  queue?: string;
  /** Called with the errors of the queue. Its own are ignored. Default: `process.emitWarning`. */
  onError?: OnError;
}

const QUEUE = /^[\w.-]{1,100}$/;
/** Five fields: not every queue looks at seconds. */
const CRON = /^\S+(\s+\S+){4}$/;
/** Another time in each process that reads it, so that one tick would start several executions. */
const RANDOM = /\bH\b/i;

/** Checks the options that every dispatcher has. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkQueueOptions({ queue, onError }: QueueOptions): void {
  if (queue !== undefined && !(typeof queue === "string" && QUEUE.test(queue)))
    throw invalidArgument("queue", "must be a name of 1 to 100 characters");
  if (onError !== undefined && typeof onError !== "function") throw invalidArgument("onError", "must be a function");
}

/** Checks the form of a schedule's expression. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkCron(cron: string): void {
  if (RANDOM.test(cron)) throw invalidArgument("cron", "must name its times: H is a random one");
  if (CRON.test(cron.trim())) return;
  throw invalidArgument("cron", 'must be an expression of five fields, such as "0 3 * * *"');
}

/** Has the queue's own parser read a schedule, without its server. @throws {WorkflowError} INVALID_ARGUMENT */
export function tryCron(cron: string, timeZone: string, ticksAfter: TicksAfter): void {
  try {
    const [next] = ticksAfter({ tz: timeZone, from: new Date(0), count: 1 });
    if (next !== undefined) return;
  } catch (cause) {
    throw new WorkflowError("INVALID_ARGUMENT", `cron: cannot be read, in the time zone ${timeZone}: ${cron}.`, {
      cause,
    });
  }
  throw invalidArgument("cron", "must name a time that comes");
}
