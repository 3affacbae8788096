import { describe, expect, it } from "vitest";
import { areOwnTimes } from "../../src/migration/value-comparison.ts";

const V1 = Date.parse("2026-01-02T03:04:05.678Z");
const V2 = V1 + 90_000;
const spanAt = (from: number) => ({ from, to: from + 5 });
const areOwn = (v1: unknown, v2: unknown) => areOwnTimes({ path: [], values: [v1, v2] }, spanAt(V1), spanAt(V2));

describe("two values are times of the moment at which their nodes ran", () => {
  it.each<[string, (ms: number) => unknown]>([
    ["a Date", (ms) => new Date(ms)],
    ["milliseconds", (ms) => ms],
    ["whole seconds", (ms) => Math.floor(ms / 1_000)],
    ["fractions of seconds", (ms) => ms / 1_000],
    ["ISO text", (ms) => new Date(ms).toISOString()],
    ["ISO text without fractions and zone, in UTC", (ms) => new Date(ms).toISOString().slice(0, 19)],
    ["such a text with a space", (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ")],
    ["toUTCString()", (ms) => new Date(ms).toUTCString()],
    ["String(date)", (ms) => String(new Date(ms))],
  ])("as %s", (_name, write) => {
    expect(areOwn(write(V1), write(V2))).toBe(true);
    expect(areOwn(write(V1), write(V2 + 3_600_000 * 30))).toBe(false);
  });

  it.each([
    ["other numbers of that size", 1_234_567_890, 1_234_567_891],
    ["small numbers", 5, 6],
    ["texts", "Sat, nothing", "Sun, nothing"],
    ["a number and a text", Math.floor(V1 / 1_000), new Date(V2).toUTCString()],
  ])("but not %s", (_name, v1, v2) => {
    expect(areOwn(v1, v2)).toBe(false);
  });
});
