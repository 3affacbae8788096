import { expect, it } from "vitest";
import { reporter } from "../src/report.ts";

it("what a queue reports arrives as an error with its message, also if it is none", () => {
  const reported: Error[] = [];
  const report = reporter("queue", (error) => reported.push(error));
  const error = new Error("boom");
  for (const thrown of [error, { message: "cannot fetch", queue: "waymark" }, "away"]) report(thrown);
  expect(reported[0]).toBe(error);
  expect(reported.every((each) => each instanceof Error)).toBe(true);
  expect(reported.map(({ message }) => message)).toEqual(["boom", "cannot fetch", "away"]);
});
