import { expect, test } from "vitest";
import { randomUUID } from "../src/crypto.ts";

test("UUIDs are of version 4 and its variant, and no two of many batches are equal", () => {
  const made = Array.from({ length: 1_000 }, randomUUID);
  for (const uuid of made)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(made.length);
});

test("every free digit of a UUID takes every value", () => {
  const made = Array.from({ length: 2_000 }, randomUUID);
  const places = [...(made[0] as string).replaceAll("-", " ")].flatMap((digit, at) => (digit === " " ? [] : [at]));
  const valuesAt = (at: number) => new Set(made.map((uuid) => uuid[at])).size;
  for (const at of places.filter((place) => place !== 14 && place !== 19)) expect(valuesAt(at)).toBe(16);
  expect([valuesAt(14), valuesAt(19)]).toEqual([1, 4]);
});
