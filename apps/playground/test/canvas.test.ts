import { describe, expect, it } from "vitest";
import { parseWorkflows } from "../src/import/workflow-file.ts";

type Fields = Record<string, unknown>;

/** Parses three nodes in a row. The middle one and the edge to it have further fields. */
const row = ({ node = {}, edge = {}, more = [] }: { node?: Fields; edge?: Fields; more?: Fields[] }) => ({
  nodes: [
    { id: "a", type: "x", position: { x: 0, y: 0 }, data: {} },
    { id: "b", type: "x", position: { x: 1, y: 0 }, data: {}, ...node },
    { id: "c", type: "x", position: { x: 2, y: 0 }, data: {} },
    ...more,
  ],
  edges: [
    { id: "ab", source: "a", target: "b", ...edge },
    { id: "bc", source: "b", target: "c" },
  ],
});

const parse = (value: unknown, ownTypes: string[] = []) => {
  const [loaded] = parseWorkflows(value, "file", { ownTypes });
  if (loaded === undefined) throw new Error("nothing was loaded");
  const { workflow, dropped } = loaded;
  const edges = workflow.edges.map(({ source, target }) => `${source}>${target}`);
  return { dropped, nodes: workflow.nodes, ids: workflow.nodes.map(({ id }) => id).join(), edges: edges.join() };
};

describe("the import of a canvas node", () => {
  it.each<[string, Fields]>([
    ["fields for its look", { style: { color: "red" }, className: "x", width: 10, measured: { width: 10 }, zIndex: 4 }],
    [
      "fields for its handling",
      { selected: true, dragging: true, draggable: false, deletable: false, connectable: false },
    ],
    ["switches that are off", { hidden: false, disabled: false, deleted: false, parentId: null }],
    ["switches that are on", { enabled: 1, isEnabled: "true", data: { enabled: true, disabled: null } }],
  ])("ignores %s", (_, node) => {
    expect(parse(row({ node }))).toMatchObject({ dropped: [], ids: "a,b,c", edges: "a>b,b>c" });
  });

  it("keeps its name, data, retry policy and time limit", () => {
    const retry = { maxAttempts: 3, backoffMs: 5 };
    const { nodes } = parse(row({ node: { data: { label: "Pay", retry: 9 }, name: "other", retry, timeoutMs: 70 } }));
    expect(nodes[1]).toEqual({
      id: "b",
      type: "x",
      name: "Pay",
      data: { label: "Pay", retry: 9 },
      retry,
      timeoutMs: 70,
    });
  });

  it.each<[string, (settings: Fields) => Fields]>([
    ["beside its data", (settings) => settings],
    ["in its data", (settings) => ({ data: settings })],
  ])("keeps n8n's settings for retries and errors %s", (_, place) => {
    const [, node] = parse(row({ node: place({ retryOnFail: 1, maxTries: "2", continueOnFail: true }) })).nodes;
    expect(node).toMatchObject({ retry: { maxAttempts: 2, backoffMs: 1_000, backoffFactor: 1 }, onError: "continue" });
  });

  it.each<[string, Fields, string, string, RegExp]>([
    ["hidden", { hidden: true }, "a,b,c", "a>b,b>c", /hidden .*"b"/],
    ["disabled", { disabled: true }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["disabled in its data", { data: { disabled: true } }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["not enabled", { enabled: false }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["not enabled, in a column of SQLite", { enabled: 0 }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["not enabled in its data", { data: { enabled: "false" } }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["disabled by another name", { isDisabled: true }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["not enabled by another name", { data: { is_enabled: false } }, "a,b,c", "a>b,b>c", /disabled nodes, .*"b"/],
    ["deleted", { deleted: true }, "a,c", "", /deleted nodes, left out: "b".*deleted edges, left out: "ab", "bc"/],
    ["deleted at some time", { deletedAt: "2025-01-01" }, "a,c", "", /deleted nodes, left out: "b"/],
    ["an unknown error policy", { onError: "sometimes" }, "a,b,c", "a>b,b>c", /onError.*"b"/],
    ["a parent that is not there", { parentId: "gone" }, "a,b,c", "a>b,b>c", /does not exist: "b"/],
    ["a note between nodes", { type: "note" }, "a,b,c", "a>b,b>c", /^$/],
  ])("%s is listed", (_, node, ids, edges, says) => {
    const result = parse(row({ node }));
    expect(result).toMatchObject({ ids, edges });
    expect(result.dropped.join("; ")).toMatch(says);
  });

  it.each([
    ["continue", "continue"],
    ["continueRegularOutput", "continue"],
    ["route", "route"],
    ["fail", undefined],
  ])("keeps its error policy, %s", (onError, expected) => {
    const { nodes, dropped } = parse(row({ node: { onError } }));
    expect(nodes[1]?.onError).toBe(expected);
    expect(dropped).toEqual([]);
  });

  it("keeps that it is disabled, and its type", () => {
    expect(parse(row({ node: { disabled: true } })).nodes[1]).toEqual({ id: "b", type: "x", data: {}, disabled: true });
  });

  it.each<[string, Fields]>([
    ["an invalid retry policy", { retry: { maxAttempts: 0 } }],
    ["an invalid time limit", { timeoutMs: "soon" }],
    ["data that is not an object", { data: [1] }],
    ["data that is text but not JSON", { data: "{" }],
    ["a type that is not text", { type: 7 }],
    ["an id that is not text", { id: {} }],
  ])("refuses %s", (_, node) => {
    expect(() => parse(row({ node }))).toThrow(expect.objectContaining({ code: "WORKFLOW_INVALID" }));
  });

  it("leaves out the branch of a disabled start node", () => {
    const value = row({ more: [{ id: "live", type: "x" }] });
    const nodes = value.nodes.map((node) => (node.id === "a" ? { ...node, disabled: true } : node));
    const result = parse({ ...value, nodes });
    expect(result).toMatchObject({ ids: "live", edges: "" });
    expect(result.dropped).toEqual([
      'disabled start nodes, which start nothing: "a"',
      'left out, because only disabled nodes and edges lead to them: "b", "c"',
    ]);
    expect(() => parse({ ...value, nodes: nodes.slice(0, 3) })).toThrow(
      expect.objectContaining({ code: "WORKFLOW_EMPTY" }),
    );
  });

  it("takes the first of several outputs of a disabled node", () => {
    const nodes = [{ id: "s" }, { id: "if", type: "if", disabled: true }, { id: "yes" }, { id: "no" }, { id: "any" }];
    const edges = [
      { source: "s", target: "if" },
      { source: "if", target: "yes", sourceHandle: "true" },
      { source: "if", target: "no", sourceHandle: "false" },
      { source: "if", target: "any" },
    ];
    expect(parse({ nodes, edges })).toMatchObject({ ids: "s,if,yes,any", edges: "s>if,if>yes,if>any" });
  });
});

describe("the import of a canvas edge", () => {
  it.each<[string, Fields]>([
    [
      "fields for its look",
      { animated: true, type: "smoothstep", style: {}, label: "then", markerEnd: { type: "arrow" } },
    ],
    ["notes of its builder", { data: { sourceType: "start", isInIteration: false } }],
  ])("ignores %s", (_, edge) => {
    expect(parse(row({ edge }))).toMatchObject({ dropped: [], edges: "a>b,b>c" });
  });

  it.each<[string, Fields, string, RegExp]>([
    ["hidden", { hidden: true }, "a>b,b>c", /hidden .*"ab"/],
    ["deleted", { deleted: true }, "b>c", /deleted edges, left out: "ab"/],
    ["a condition", { data: { condition: "total > 5" } }, "a>b,b>c", /conditions of edges .*"ab"/],
    ["a condition of its own", { when: "total > 5" }, "a>b,b>c", /conditions of edges .*"ab"/],
    ["disabled", { disabled: true }, "", /disabled edges, not taken: "ab".*left out, .*"b", "c"/],
    ["not enabled in its data", { data: { enabled: 0 } }, "", /disabled edges, not taken: "ab".*left out, .*"b", "c"/],
  ])("%s is listed", (_, edge, edges, says) => {
    const result = parse(row({ edge }));
    expect(result.edges).toBe(edges);
    expect(result.dropped.join("; ")).toMatch(says);
  });

  it.each<[string, Fields, string]>([
    ["no target", { target: null }, "WORKFLOW_INVALID"],
    ["a handle that is not text", { sourceHandle: {} }, "WORKFLOW_INVALID"],
    ["a node that does not exist", { target: "gone" }, "UNKNOWN_EDGE_NODE"],
  ])("refuses %s", (_, edge, code) => {
    expect(() => parse(row({ edge }))).toThrow(expect.objectContaining({ code }));
  });
});

describe("notes, frames and containers", () => {
  const inside = (type: string, fields: Fields = {}) =>
    row({ node: { parentId: "p" }, more: [{ id: "p", type, data: {}, ...fields }] });

  it.each(["group", "frame", "Section", "swimlane", "groupNode", "labeled-group-node"])(
    "a plain %s has no effect on the nodes inside",
    (type) => {
      expect(parse(inside(type))).toMatchObject({ ids: "a,b,c", dropped: ['notes and frames, left out: "p"'] });
    },
  );

  it.each<[string, Fields]>([
    ["loop", {}],
    ["iteration", {}],
    ["custom", { data: { type: "iteration" } }],
    ["default", {}],
    ["subflow", {}],
    ["group", { data: { kind: "parallel" } }],
  ])("a %s with %j and nodes inside is refused", (type, fields) => {
    expect(() => parse(inside(type, fields))).toThrow(/"b" lie inside "p"/);
  });

  it("a frame is refused if edges lead to it, or if it is inside a loop", () => {
    const value = inside("group");
    expect(() => parse({ ...value, edges: [...value.edges, { source: "c", target: "p" }] })).toThrow(/"b" lie inside/);
    const nested = row({
      node: { parentNode: "p" },
      more: [
        { id: "p", type: "group", parentNode: "q" },
        { id: "q", type: "loop" },
      ],
    });
    expect(() => parse(nested)).toThrow(/"b" lie inside "q"/);
  });

  it("a frame is a container if the user has an executor for its type", () => {
    expect(() => parse(inside("group"), ["group"])).toThrow(/"b" lie inside "p"/);
    expect(parse(row({ node: { type: "note" } }), ["note"]).ids).toBe("a,b,c");
  });

  it("a note at the end of an edge is left out together with the edge", () => {
    const value = row({
      more: [
        { id: "n", type: "stickyNote" },
        { id: "m", type: "noteNode" },
      ],
    });
    const edges = [...value.edges, { id: "cn", source: "c", target: "n" }, { id: "ma", source: "m", target: "a" }];
    const result = parse({ ...value, edges });
    expect(result).toMatchObject({ ids: "a,b,c", edges: "a>b,b>c" });
    expect(result.dropped).toEqual([
      'edges of notes and frames, left out: "cn", "ma"',
      'notes and frames, left out: "n", "m"',
    ]);
  });
});
