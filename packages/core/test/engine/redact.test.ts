import { expect, it } from "vitest";
import { redacted } from "../../src/engine/redact.ts";

it("replaces the values of the keys at every depth, without regard to case", () => {
  const at = new Date(0);
  expect(redacted({ Token: 1, list: [{ TOKEN: 2, at }], user: "ada" }, ["token"])).toEqual({
    Token: "[redacted]",
    list: [{ TOKEN: "[redacted]", at }],
    user: "ada",
  });
});

it("copies a limited number of entries of values that contain their parents", () => {
  const parent: { children: object[] } = { children: [] };
  parent.children = Array.from({ length: 1_000 }, (_, index) => ({ index, token: "secret", parent }));
  const copy = JSON.stringify(redacted(parent, ["token"]));
  expect(copy.length).toBeLessThan(1_000_000);
  expect(copy).not.toContain("secret");
});
