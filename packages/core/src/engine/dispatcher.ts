/**
 * Options of {@link Dispatcher.enqueue}. A dispatcher ignores those that its queue cannot keep, and documents this.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#your-own-queue
 */
export interface EnqueueOptions {
  /** Milliseconds until the delivery. Default: 0. */
  delayMs?: number | undefined;
  /** A whole number from -1,000 to 1,000; a higher one is delivered earlier. Default: 0. */
  priority?: number | undefined;
  /** The tenant by which a queue limits how many executions run at the same time. The engine names the user. */
  tenant?: string | undefined;
  /**
   * The caller's transaction in which the execution is created. A dispatcher that can adds its job there. One that cannot
   * adds nothing: before the commit there is no execution to run.
   */
  transaction?: unknown;
  /** Milliseconds in which at most one job is added with this option for an execution. Further ones are not added. */
  atMostEveryMs?: number | undefined;
}

/** The answer to a delivery. */
export interface Delivered {
  /** Milliseconds after which the execution is to be delivered again. Absent: not again. */
  againInMs?: number;
}

/** One time at which a schedule is due. */
export interface ScheduleTick {
  /** The time that the schedule names, in milliseconds since the epoch. A tick that is delivered twice has the same. */
  dueAt: number;
}

/**
 * Options of {@link Dispatcher.schedule}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#schedules
 */
export interface DispatcherScheduleOptions {
  /** An IANA time zone. Default: UTC. */
  timeZone?: string | undefined;
  /** The fate of ticks that came due while no process looked: `skip` (default), or `once`: the last of them comes late. */
  missed?: "skip" | "once" | undefined;
}

/** A schedule, as a queue keeps it. */
export interface ListedSchedule {
  id: string;
  cron: string;
  timeZone: string;
}

/** The jobs of a queue. */
export interface QueueDepth {
  /** Jobs that could be delivered now. */
  ready: number;
  /** Jobs whose time has not come. */
  delayed: number;
  /** Jobs that are being delivered. */
  active: number;
}

/**
 * Connects an engine to a queue. The queue decides when and where an execution is run; the store decides by whom. A job
 * contains the id of an execution and nothing else.
 *
 * - A queue may lose jobs, deliver them twice, late or early: the engine reads the execution before it runs anything, and a
 *   worker looks at intervals for what the queue has lost.
 * - It never gives up a job because deliveries have failed: the engine itself ends an execution that kills its processes
 *   (`maxRecoveries`).
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md
 */
export interface Dispatcher {
  /** Adds a job for an execution. Resolves once the queue has it. */
  enqueue(executionId: string, options: EnqueueOptions): Promise<void>;
  /**
   * Delivers jobs until the signal aborts, up to `concurrency` at a time. Resolves once the last delivery is settled.
   *
   * - A delivery that the handler rejects, or that its process does not survive, is made again.
   */
  work(
    handler: (executionId: string) => Promise<Delivered>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void>;
  /**
   * Adds or changes a schedule. The queue keeps it, and any process that has called this and works may get a tick.
   *
   * - A tick whose `onTick` rejects is delivered again.
   */
  schedule?(
    id: string,
    cron: string,
    options: DispatcherScheduleOptions,
    onTick: (tick: ScheduleTick) => Promise<void>,
  ): Promise<void>;
  /** Removes a schedule. Resolves to false if there is none. */
  unschedule?(id: string): Promise<boolean>;
  schedules?(): Promise<ListedSchedule[]>;
  depth?(): Promise<QueueDepth>;
  /** Ends what the dispatcher has opened. What it was given stays open. */
  close(): Promise<void>;
}
