import type { ScheduleTick } from "@waymark/core";

/** Milliseconds after its time until which a tick counts as punctual: schedules are looked at every few seconds. */
const LATE_MS = 120_000;

/** A tick, as a queue delivers it. */
export interface DeliveredTick {
  schedule: string;
  /** In milliseconds since the epoch. */
  dueAt: number;
  /** The present time by the queue's clock. */
  now: number;
  missed: "skip" | "once";
  /** Returns true if a later tick of the schedule is due by now. */
  isFollowed: () => boolean;
}

/** The schedules that this process serves. */
export class Ticks {
  readonly #onTick = new Map<string, (tick: ScheduleTick) => Promise<void>>();

  set(id: string, onTick: (tick: ScheduleTick) => Promise<void>): void {
    this.#onTick.set(id, onTick);
  }

  delete(id: string): void {
    this.#onTick.delete(id);
  }

  /**
   * Serves a tick. Resolves to false if another process must: this one does not know the schedule.
   *
   * - A late one that its schedule does not want any more is dropped, known or not. Otherwise the ticks of a schedule that
   *   no process knows would pile up.
   */
  async take({ schedule, dueAt, now, missed, isFollowed }: DeliveredTick): Promise<boolean> {
    const isLate = now - dueAt > LATE_MS;
    if (isLate && (missed === "skip" || isFollowed())) return true;
    const onTick = this.#onTick.get(schedule);
    if (onTick === undefined) return false;
    await onTick({ dueAt });
    return true;
  }
}
