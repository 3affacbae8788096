import { describe, expect, it } from "vitest";
import { fromReactFlow } from "../../src/index.ts";

const nodes = [
  { id: "start" },
  { id: "frame", type: "group" },
  { id: "a", parentId: "frame" },
  { id: "b", parentId: "frame" },
  { id: "end" },
  { id: "note", type: "note" },
];

describe("a canvas with frames and notes", () => {
  it("joins the edges that lead through a frame, and lists what it drops", () => {
    const toNote = { source: "start", target: "note" };
    const lost = { source: "frame", target: "note" };
    const workflow = fromReactFlow(
      "w",
      {
        nodes,
        edges: [
          { source: "start", target: "frame", sourceHandle: "out" },
          { source: "frame", target: "a", targetHandle: "in" },
          { source: "a", target: "b" },
          { source: "b", target: "frame" },
          { source: "frame", target: "end" },
          toNote,
          lost,
        ],
      },
      { ignore: ({ type }) => type === "note" },
    );
    expect(workflow.nodes.map(({ id }) => id)).toEqual(["start", "a", "b", "end"]);
    expect(workflow.edges).toEqual([
      { source: "start", target: "a", sourceHandle: "out", targetHandle: "in" },
      { source: "start", target: "end", sourceHandle: "out" },
      { source: "a", target: "b" },
      { source: "b", target: "a", targetHandle: "in" },
      { source: "b", target: "end" },
    ]);
    expect(workflow.dropped).toEqual({ nodeIds: ["frame", "note"], edges: [toNote, lost] });
  });

  it("joins edges through frames inside frames, and through containers that are ignored", () => {
    const { edges, dropped } = fromReactFlow(
      "w",
      {
        nodes: [
          { id: "start" },
          { id: "outer", type: "group" },
          { id: "inner", type: "area", parentId: "outer" },
          { id: "a", parentId: "inner" },
        ],
        edges: [
          { id: "in", source: "start", target: "outer", sourceHandle: "out", targetHandle: "frame" },
          { source: "outer", target: "inner" },
          { source: "inner", target: "a", targetHandle: "left" },
        ],
      },
      { ignore: ({ type }) => type === "area" },
    );
    // The handle at the start is that of the first edge, and the one at the end that of the last.
    expect(edges).toEqual([{ id: "in", source: "start", target: "a", sourceHandle: "out", targetHandle: "left" }]);
    expect(dropped.nodeIds).toEqual(["outer", "inner"]);
    expect(dropped.edges).toEqual([]);
  });

  it("ends although frames lead to each other", () => {
    const frames = [
      { id: "f", type: "group" },
      { id: "g", type: "group", parentId: "f" },
      { id: "a", parentId: "g" },
    ];
    const edges = [
      { source: "a", target: "f" },
      { source: "f", target: "g" },
      { source: "g", target: "f" },
    ];
    const { dropped, edges: kept } = fromReactFlow("w", { nodes: frames, edges });
    expect([kept, dropped.edges]).toEqual([[], edges]);
  });

  it("refuses nodes inside a container that is not a frame, and says what to do", () => {
    const inside = [
      { id: "each", type: "loop" },
      { id: "a", parentId: "each" },
    ];
    expect(() => fromReactFlow("w", { nodes: inside, edges: [] })).toThrow(
      expect.objectContaining({
        code: "WORKFLOW_INVALID",
        message: expect.stringMatching(/"a" lies inside "each" of type "loop".*ignore.*forEachItem/),
      }),
    );
    const ignored = fromReactFlow("w", { nodes: inside, edges: [] }, { ignore: ({ id }) => id === "each" });
    expect(ignored.dropped.nodeIds).toEqual(["each"]);
  });

  it("drops edges without an end only if it is told to", () => {
    const edge = { source: "start", target: "gone" };
    const flow = { nodes: [{ id: "start" }], edges: [edge] };
    expect(() => fromReactFlow("w", flow)).toThrow(expect.objectContaining({ code: "UNKNOWN_EDGE_NODE" }));
    expect(fromReactFlow("w", flow, { danglingEdges: "drop" }).dropped.edges).toEqual([edge]);
  });

  it("is refused with a code if it is no canvas, or throws when it is read", () => {
    const throwing = (field: string) =>
      Object.defineProperty({ id: "a" }, field, { get: () => expect.unreachable(), enumerable: true });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const wrong: [flow: unknown, says: string][] = [
      [null, "flow: must be an object"],
      [{ nodes: [] }, "flow: edges: must be a list"],
      [{ nodes: [{ id: "a" }, null], edges: [] }, "flow: nodes.1: must be an object, not null"],
      [{ nodes: [{ id: "a" }], edges: ["a"] }, "flow: edges.0: must be an object, not a string"],
      [revoked.proxy, "flow: it throws"],
      [{ nodes: revoked.proxy, edges: [] }, "flow: it throws"],
      ...["id", "type", "parentId", "data"].map((field): [unknown, string] => [
        { nodes: [throwing(field)], edges: [] },
        "flow: it throws",
      ]),
      ...["source", "target", "sourceHandle", "targetHandle"].map((field): [unknown, string] => [
        { nodes: [{ id: "a" }], edges: [throwing(field)] },
        "flow: it throws",
      ]),
    ];
    for (const [flow, says] of wrong) {
      expect(() => fromReactFlow("w", flow as never)).toThrow(
        expect.objectContaining({ code: "WORKFLOW_INVALID", message: expect.stringContaining(says) }),
      );
    }
  });
});
