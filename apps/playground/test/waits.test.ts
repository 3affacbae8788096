import { expect, it } from "vitest";
import { describeWaits } from "../src/compare/waits.ts";

const wait = (nodeId: string) => ({ nodeId, nodeName: "n", visit: 1, since: "2026-01-01T00:00:00.000Z" });

it("names nodes that wait, with the reason and the end of the wait if there are any", () => {
  const until = "2026-01-02T00:00:00.000Z";
  expect(describeWaits([{ ...wait("a"), reason: "approval", until }, { ...wait("b"), until }, wait("c")])).toBe(
    `waits for an answer: node "a" (approval, until ${until}), node "b" (until ${until}), node "c"`,
  );
});

it("names only the first of many", () => {
  const many = Array.from({ length: 12 }, (_, index) => wait(`n${index}`));
  expect(describeWaits(many)).toMatch(/: node "n0", .*, node "n4" and 7 more$/);
});
