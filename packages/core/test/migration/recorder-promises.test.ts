import { expect, it } from "vitest";
import { createRecorder } from "../../src/migration/index.ts";

/** A promise that cannot be continued as a plain one, as those of some query builders. */
class Query extends Promise<unknown> {
  constructor(sql: unknown) {
    if (typeof sql !== "string") throw new TypeError("takes SQL");
    super((resolve) => resolve(sql));
  }
}
// biome-ignore lint/suspicious/noThenProperty: what the test is about.
Object.defineProperty(Query.prototype, "then", {
  value: (...handlers: Parameters<Promise<unknown>["then"]>) => Promise.resolve({ rows: 1 }).then(...handlers),
});

it("a wrapped executor may return a promise of a class that allows no plain then", async () => {
  const recorder = createRecorder();
  const query = recorder.wrap("query", (_args: object) => new Query("select 1"));
  let result: unknown;
  await recorder.run({ workflowId: "w", userId: "u" }, async () => {
    result = await query({ context: {} });
    return { success: true };
  });
  expect(result).toEqual({ rows: 1 });
});
