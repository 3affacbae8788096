import { expect, it } from "vitest";
import { proposedNode } from "../src/serve/proposed-node.ts";

const nodes = (...ids: string[]) =>
  ids.map((id) => ({ id, ...(id.startsWith("call") ? { type: "http-request" } : {}) }));
const edges = (...ways: string[]) =>
  ways.flatMap((way) =>
    way
      .split(" ")
      .slice(1)
      .map((target, index) => ({ source: way.split(" ")[index] ?? "", target })),
  );

it.each([
  ["the middle of a row", nodes("a", "b", "c", "d", "e"), edges("a b c d e"), "c"],
  ["no node of a branch", nodes("a", "b", "c", "d"), edges("a b d", "a c d"), "d"],
  ["one that sends a request", nodes("call", "b", "c", "d"), edges("call b c d"), "call"],
  ["a node behind two beginnings", nodes("a", "b", "c", "d"), edges("a c d", "b c d"), "c"],
  ["no note that leads nowhere", nodes("a", "note", "b"), edges("a b"), "b"],
  ["none if there is no common node", nodes("a", "b", "c", "d"), edges("a b", "c d"), undefined],
])("proposes %s", (_, given, ways, expected) => {
  expect(proposedNode({ nodes: given, edges: ways })).toBe(expected);
});
