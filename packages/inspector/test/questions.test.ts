import { expect, it } from "vitest";
import { questionsOf, type SuspendedFields } from "../src/page/inbox/questions.ts";

const ids = (items: SuspendedFields[]) => questionsOf(items).map(({ id }) => id);
const asks = (id: string, more: Partial<SuspendedFields> = {}) => ({ id, waiting: [{ nodeId: "ask" }], ...more });

it("a sleep is no question, and a wait with a reason and a limit is one", () => {
  const until = "2026-11-29T00:00:00.000Z";
  expect(ids([asks("a"), { id: "b", waiting: [{ nodeId: "nap", until }] }])).toEqual(["a"]);
  expect(ids([{ id: "c", waiting: [{ nodeId: "n", until, reason: "approval" }] }])).toEqual(["c"]);
});

it("a question of a child is asked once, also by its parent's parent", () => {
  const child = asks("child", { parentId: "parent", parentNodeId: "call" });
  const parent = {
    ...{ id: "parent", waiting: [{ nodeId: "call" }] },
    ...{ parentId: "top", parentNodeId: "start" },
  };
  const top = { id: "top", waiting: [{ nodeId: "start" }] };
  expect(ids([top, parent, child])).toEqual(["child"]);
  // Its child is on another page of the list.
  expect(ids([parent])).toEqual(["parent"]);
  // It asks by another node besides.
  expect(ids([{ ...parent, waiting: [{ nodeId: "call" }, { nodeId: "own" }] }, child])).toEqual(["parent", "child"]);
});
