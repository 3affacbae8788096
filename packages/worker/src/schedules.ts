import { isWorkflowError, type ListedSchedule, type ScheduleTick } from "@waymark/core";
import { checkOptions, invalidArgument } from "@waymark/core/store";
import type { WorkerEngine } from "./options.ts";

/** A workflow to start at the times of a schedule. */
export interface NewSchedule {
  workflowId: string;
  userId: string;
  /** A plain object that fits the workflow's `input`. Default: `{}`. */
  initialData?: Record<string, unknown>;
  /** An IANA time zone: "Europe/Berlin". Default: UTC. */
  timeZone?: string;
  /**
   * The ticks that came due while no worker ran: `skip` (default) starts none of them, `once` starts the last of them, late.
   */
  missed?: "skip" | "once";
}

/** A schedule, as {@link Worker.schedules} lists it. */
export interface WorkerSchedule extends ListedSchedule {}

const NAMES = { workflowId: true, userId: true, initialData: true, timeZone: true, missed: true } satisfies Record<
  keyof NewSchedule,
  true
>;
/** What every queue can keep as a name. */
const ID = /^[\w.-]{1,128}$/;

/** The schedules of a worker, kept by the queue of its engine. */
export class Schedules {
  readonly #engine: WorkerEngine;

  constructor(engine: WorkerEngine) {
    this.#engine = engine;
  }

  /** @throws {WorkflowError} INVALID_ARGUMENT */
  async add(id: string, cron: string, given: NewSchedule): Promise<void> {
    checkScheduleId(id);
    checkText(cron, "cron");
    checkOptions(given, new Set(Object.keys(NAMES)), "schedule");
    const { workflowId, userId, initialData, timeZone = "UTC", missed = "skip" } = given;
    checkText(workflowId, "workflowId");
    checkText(userId, "userId");
    checkTimeZone(timeZone);
    // Otherwise the first tick would find out.
    if (
      initialData !== undefined &&
      (typeof initialData !== "object" || initialData === null || Array.isArray(initialData))
    )
      throw invalidArgument("initialData", "must be a plain object");
    if (missed !== "skip" && missed !== "once") throw invalidArgument("missed", 'must be "skip" or "once"');
    const { schedule } = this.#queue();
    const start = async ({ dueAt }: ScheduleTick): Promise<void> => {
      const executionId = `${id}@${new Date(dueAt).toISOString()}`;
      const call = { workflowId, userId, executionId, ifExists: "join" } as const;
      try {
        await this.#engine.startExecution({ ...call, ...(initialData === undefined ? {} : { initialData }) });
      } catch (error) {
        // A process with an older or newer version of the schedule, for another workflow or user, has served this tick.
        if (!isWorkflowError(error, "EXECUTION_ALREADY_EXISTS")) throw error;
      }
    };
    await schedule(id, cron, { timeZone, missed }, start);
  }

  async remove(id: string): Promise<boolean> {
    checkScheduleId(id);
    return this.#queue().unschedule(id);
  }

  async list(): Promise<WorkerSchedule[]> {
    return this.#queue().schedules();
  }

  #queue() {
    const { dispatcher } = this.#engine;
    if (dispatcher === undefined) throw invalidArgument("engine", "must have a dispatcher for schedules");
    const { schedule, unschedule, schedules } = dispatcher;
    if (schedule === undefined || unschedule === undefined || schedules === undefined) {
      throw invalidArgument("engine", "must have a dispatcher that keeps schedules");
    }
    return {
      schedule: schedule.bind(dispatcher),
      unschedule: unschedule.bind(dispatcher),
      schedules: schedules.bind(dispatcher),
    };
  }
}

function checkScheduleId(id: unknown): void {
  if (typeof id === "string" && ID.test(id)) return;
  throw invalidArgument("id", "must be 1 to 128 letters, digits, underscores, hyphens and periods");
}

function checkText(value: unknown, name: string): void {
  if (typeof value !== "string" || value === "") throw invalidArgument(name, "must be a text that is not empty");
}

function checkTimeZone(timeZone: unknown): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timeZone as string });
  } catch {
    throw invalidArgument("timeZone", 'must be an IANA time zone, such as "Europe/Berlin"');
  }
}
