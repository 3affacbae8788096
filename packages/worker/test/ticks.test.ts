import { PgBoss } from "pg-boss";
import { describe, expect, it } from "vitest";
import { lastTick } from "../src/last-tick.ts";
import { type DeliveredTick, keptTime, Ticks } from "../src/ticks.ts";

const MINUTE_MS = 60_000;
const DUE_AT = Date.UTC(2026, 0, 2, 3);

/** A tick that comes some minutes late for the first time, with no later one due. */
function tick(minutes: number, more: Partial<DeliveredTick> = {}): DeliveredTick {
  const now = DUE_AT + minutes * MINUTE_MS;
  return { schedule: "nightly", dueAt: DUE_AT, isAgain: false, now, missed: "skip", lastDue: () => DUE_AT, ...more };
}

/** The outcome of a tick in a process that serves it, in one that fails, and in one that does not know the schedule. */
async function outcomes(delivered: DeliveredTick): Promise<string[]> {
  const reported: unknown[] = [];
  const outcomeOf = async (prepare: (ticks: Ticks, started: number[]) => void) => {
    const ticks = new Ticks((error) => reported.push(error));
    const started: number[] = [];
    prepare(ticks, started);
    const { again } = await ticks.take(delivered);
    if (again !== undefined) return `kept for ${minuteOf(again.dueAt)}`;
    return started.length === 0 ? "dropped" : `started for ${started.map(minuteOf)}`;
  };
  return [
    await outcomeOf((ticks, started) => ticks.set("nightly", async ({ dueAt }) => void started.push(dueAt))),
    await outcomeOf((ticks) => ticks.set("nightly", () => Promise.reject(new Error("boom")))),
    await outcomeOf(() => undefined),
  ];
}

function minuteOf(time: number): number {
  return (time - DUE_AT) / MINUTE_MS;
}

describe("a tick", () => {
  it("that is punctual is started, and kept until it is", async () => {
    for (const missed of ["skip", "once"] as const) {
      const lastDue = () => DUE_AT + MINUTE_MS;
      expect(await outcomes(tick(1, { missed, lastDue }))).toEqual(["started for 0", "kept for 0", "kept for 0"]);
    }
  });

  it("that is late is dropped with `skip`, also by a process that does not know its schedule", async () => {
    expect(await outcomes(tick(3))).toEqual(["dropped", "dropped", "dropped"]);
  });

  it("that is late stands with `once` for the last one that is due", async () => {
    expect(await outcomes(tick(3, { missed: "once" }))).toEqual(["started for 0", "kept for 0", "kept for 0"]);
    const lastDue = () => DUE_AT + 60 * MINUTE_MS;
    const late = tick(70, { missed: "once", lastDue });
    expect(await outcomes(late)).toEqual(["started for 60", "kept for 60", "kept for 60"]);
  });

  it("that is late and comes again is dropped with `once` when a later one is due, unless it can be started", async () => {
    const late = tick(3, { missed: "once", isAgain: true });
    expect(await outcomes(late)).toEqual(["started for 0", "kept for 0", "kept for 0"]);
    const lastDue = () => DUE_AT + 60 * MINUTE_MS;
    const followed = tick(70, { missed: "once", isAgain: true, lastDue });
    expect(await outcomes(followed)).toEqual(["started for 60", "dropped", "dropped"]);
  });
});

it("a time that somebody has edited counts as none", () => {
  expect(keptTime(DUE_AT)).toBe(DUE_AT);
  for (const dueAt of [undefined, null, "2026", Number.NaN, Number.POSITIVE_INFINITY, 9e15, {}]) {
    expect(keptTime(dueAt)).toBeUndefined();
  }
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

  it.each([
    ["of one hour of the day, once", "30 2 * * *", "2026-10-25T01:30:05Z", "2026-10-25T00:30:00Z"],
    ["of one hour, the first time", "30 2 * * *", "2026-10-25T00:30:05Z", "2026-10-25T00:30:00Z"],
    ["of every hour, each time", "30 * * * *", "2026-10-25T01:30:05Z", "2026-10-25T01:30:00Z"],
    ["of every minute, each time", "* * * * *", "2026-10-25T01:30:05Z", "2026-10-25T01:30:00Z"],
  ])("counts a time %s, when a clock is set back and shows it twice", (_which, cron, before, expected) => {
    const boss = new PgBoss("postgres://localhost");
    const last = lastTick((query) => boss.previewSchedule(cron, query), "Europe/Berlin", new Date(before));
    expect(new Date(last ?? 0)).toEqual(new Date(expected));
  });
});
