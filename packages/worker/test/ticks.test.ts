import { describe, expect, it } from "vitest";
import { lastTick } from "../src/pg-boss/last-tick.ts";
import { type DeliveredTick, Ticks } from "../src/ticks.ts";

const MINUTE_MS = 60_000;
const DUE_AT = Date.UTC(2026, 0, 2, 3);

/** A tick that comes some minutes late. */
function tick(minutes: number, more: Partial<DeliveredTick> = {}): DeliveredTick {
  const now = DUE_AT + minutes * MINUTE_MS;
  return { schedule: "nightly", dueAt: DUE_AT, now, missed: "skip", isFollowed: () => false, ...more };
}

/** What happens to a tick in a process that knows the schedule, and in one that does not. */
async function outcomes(
  delivered: DeliveredTick,
): Promise<[known: "started" | "dropped", unknown: "kept" | "dropped"]> {
  const [knowing, ignorant] = [new Ticks(), new Ticks()];
  let isStarted = false;
  knowing.set("nightly", async () => {
    isStarted = true;
  });
  await knowing.take(delivered);
  return [isStarted ? "started" : "dropped", (await ignorant.take(delivered)) ? "dropped" : "kept"];
}

describe("a tick", () => {
  it("that is late is dropped with `skip`, also by a process that does not know its schedule", async () => {
    expect(await outcomes(tick(1))).toEqual(["started", "kept"]);
    expect(await outcomes(tick(3))).toEqual(["dropped", "dropped"]);
  });

  it("that is late is kept with `once`, until a later one is due", async () => {
    const isFollowed = () => true;
    expect(await outcomes(tick(3, { missed: "once" }))).toEqual(["started", "kept"]);
    expect(await outcomes(tick(1, { missed: "once", isFollowed }))).toEqual(["started", "kept"]);
    expect(await outcomes(tick(3, { missed: "once", isFollowed }))).toEqual(["dropped", "dropped"]);
  });
});

describe("lastTick", () => {
  /** Every ten minutes from 9:00 to 17:50, from Monday to Friday, as pg-boss lists them. */
  function officeHours({ from = new Date(0), count = 5 }: { from?: Date | string | number; count?: number }): Date[] {
    const step = 10 * MINUTE_MS;
    const ticks: Date[] = [];
    for (let at = Math.floor(new Date(from).getTime() / step) * step + step; ticks.length < count; at += step) {
      const time = new Date(at);
      const [day, hour] = [time.getUTCDay(), time.getUTCHours()];
      if (day >= 1 && day <= 5 && hour >= 9 && hour < 18) ticks.push(time);
    }
    return ticks;
  }

  it.each([
    ["within the minute of a tick", "2026-01-05T09:10:30Z", "2026-01-05T09:10:00Z"],
    ["at a tick", "2026-01-05T09:10:00Z", "2026-01-05T09:10:00Z"],
    ["in the night", "2026-01-06T05:00:00Z", "2026-01-05T17:50:00Z"],
    ["after a weekend", "2026-01-05T08:00:00Z", "2026-01-02T17:50:00Z"],
  ])("finds the last tick %s", (_when, before, expected) => {
    expect(new Date(lastTick(officeHours, "UTC", new Date(before)) ?? 0)).toEqual(new Date(expected));
  });

  it("finds the last of a rare schedule, and none if there is none", () => {
    const leapDays = [2020, 2024, 2028, 2032].map((year) => new Date(Date.UTC(year, 1, 29)));
    const rare = ({ from = 0 }: { from?: Date | string | number }) => leapDays.filter((day) => day > new Date(from));
    expect(lastTick(rare, "UTC", new Date("2027-12-31"))).toBe(Date.UTC(2024, 1, 29));
    expect(lastTick(() => [], "UTC", new Date("2027-12-31"))).toBeUndefined();
  });
});
