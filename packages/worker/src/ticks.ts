import type { ScheduleTick } from "@waymark/core";
import { FAILED_AGAIN_MS, OTHERS_MS } from "./deliveries.ts";

/** Milliseconds after its time until which a tick counts as punctual: schedules are looked at every few seconds. */
const LATE_MS = 120_000;

/** A tick, as a queue delivers it. */
export interface DeliveredTick {
  schedule: string;
  /** The time that the schedule names, in milliseconds since the epoch. */
  dueAt: number;
  /** True if it was delivered before. The queue then makes the ticks that came due since. */
  isAgain: boolean;
  /** The present time by the queue's clock. */
  now: number;
  missed: "skip" | "once";
  /** Returns the last time, not after `now`, that the schedule names. */
  lastDue: () => number | undefined;
}

/** When a tick is to be delivered again, and the time that it then has. Nothing if it is done. */
export interface TakenTick {
  again?: { inMs: number; dueAt: number };
}

/** The furthest time that a `Date` can have, in milliseconds before or after the epoch. */
const FURTHEST_TIME = 8.64e15;

/** Returns the time that a delivered job keeps, or nothing if that is none: somebody may have edited the job. */
export function keptTime(dueAt: unknown): number | undefined {
  return typeof dueAt === "number" && Math.abs(dueAt) <= FURTHEST_TIME ? dueAt : undefined;
}

/** The schedules that this process serves. */
export class Ticks {
  readonly #onTick = new Map<string, (tick: ScheduleTick) => Promise<void>>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  set(id: string, onTick: (tick: ScheduleTick) => Promise<void>): void {
    this.#onTick.set(id, onTick);
  }

  delete(id: string): void {
    this.#onTick.delete(id);
  }

  /**
   * Serves a tick, or leaves it to another process if this one does not know its schedule.
   *
   * - A late tick that is wanted stands for the last one that is due: the queue has made none while no process ran.
   * - A late one that nobody could serve is dropped once a later one is due. Otherwise the ticks of a schedule that no process
   *   knows would pile up.
   */
  async take({ schedule, dueAt, isAgain, now, missed, lastDue }: DeliveredTick): Promise<TakenTick> {
    const isLate = now - dueAt > LATE_MS;
    if (isLate && missed === "skip") return {};
    const last = isLate ? (lastDue() ?? dueAt) : dueAt;
    const again = (inMs: number): TakenTick => (isAgain && last > dueAt ? {} : { again: { inMs, dueAt: last } });
    const onTick = this.#onTick.get(schedule);
    if (onTick === undefined) return again(OTHERS_MS);
    try {
      await onTick({ dueAt: last });
      return {};
    } catch (error) {
      this.#report(error);
      return again(FAILED_AGAIN_MS);
    }
  }
}
