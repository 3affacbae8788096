import { expect, it } from "vitest";
import { endsWithin, within } from "../src/index.ts";

const never = new Promise<never>(() => {});
const tooLate = () => new Error("too late");

it("work that ends in time settles as it does by itself", async () => {
  await expect(within(Promise.resolve(7), 60_000, tooLate)).resolves.toBe(7);
  await expect(within(Promise.reject(new Error("own")), 60_000, tooLate)).rejects.toThrow("own");
});

it.each([1, 0, -5])("work that takes longer than %i ms rejects with the error for that", async (ms) => {
  await expect(within(never, ms, tooLate)).rejects.toThrow("too late");
});

it("waiting for work returns true only if the work succeeds in time", async () => {
  expect(await endsWithin(Promise.resolve(), 60_000)).toBe(true);
  expect(await endsWithin(Promise.reject(new Error("own")), 60_000)).toBe(false);
  expect(await endsWithin(never, 1)).toBe(false);
});
