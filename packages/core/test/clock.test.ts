import { systemClock } from "@waymark/core";
import { ManualClock } from "@waymark/core/testing";
import { expect, it } from "vitest";
import { steadyClock } from "../src/clock.ts";

const readings = (...values: unknown[]) => {
  let at = 0;
  const next = (): never => {
    const value = values[Math.min(at++, values.length - 1)];
    if (value instanceof Error) throw value;
    return value as never;
  };
  return steadyClock({ ...systemClock, now: next, elapsed: next });
};

it("rounds and bounds the readings of now, and replaces an invalid reading by the last valid one", () => {
  const clock = readings(5.7, Number.NaN, new Error("no"), "7", -3, Number.POSITIVE_INFINITY, 1e300);
  expect([1, 2, 3, 4, 5, 6, 7].map(() => clock.now())).toEqual([5, 5, 5, 5, 0, 0, 8.64e15]);
});

it("lets elapsed time stay the same, but never decrease", () => {
  const clock = readings(10, 4, Number.NaN, 10.5, new Error("no"), undefined);
  expect([1, 2, 3, 4, 5, 6].map(() => clock.elapsed())).toEqual([10, 10, 10, 10.5, 10.5, 10.5]);
});

it("counts a wait as elapsed once its timer has fired, whatever the clock reads meanwhile", () => {
  for (const reading of [7, Number.NaN, -1]) {
    const timers: (() => void)[] = [];
    const clock = steadyClock({
      now: () => 0,
      elapsed: () => reading,
      schedule: (_delayMs, callback) => {
        timers.push(callback);
        return () => undefined;
      },
    });
    const before = clock.elapsed();
    const fired: number[] = [];
    clock.schedule(50, () => fired.push(clock.elapsed() - before));
    expect(clock.elapsed()).toBe(before);
    for (const fire of timers) fire();
    expect(fired).toEqual([50]);
  }
});

it("cancels a scheduled callback even if the clock returns no function to cancel it", () => {
  const clock = steadyClock({ ...systemClock, now: () => 0, schedule: (() => undefined) as never });
  expect(clock.schedule(1, () => undefined)()).toBeUndefined();
});

it("wraps a clock once", () => {
  expect(steadyClock(systemClock)).toBe(systemClock);
  const wrapped = steadyClock(new ManualClock());
  expect(steadyClock(wrapped)).toBe(wrapped);
});

it("does not count a ManualClock's corrections as elapsed time", () => {
  const clock = new ManualClock(1_000);
  let fired = 0;
  clock.schedule(50, () => fired++);
  clock.setNow(500_000);
  expect([clock.now(), clock.elapsed(), clock.nextMs, fired]).toEqual([500_000, 0, 50, 0]);
  clock.advance(50);
  expect([clock.now(), clock.elapsed(), fired]).toEqual([500_050, 50, 1]);
  clock.setNow(0);
  expect([clock.now(), clock.elapsed()]).toEqual([0, 50]);
});
