import { describe, expect, it } from "vitest";
import { defineWorkflow, fromReactFlow, type WorkflowDefinition } from "../../src/index.ts";

const define = (node: object, edge: object = {}, more: object = {}) =>
  defineWorkflow({
    id: "w",
    nodes: [{ id: "a", ...node }, { id: "b" }],
    edges: [{ source: "a", target: "b", ...edge }],
    ...more,
  } as WorkflowDefinition & { id: "w" });

const refusal = (name: string, meant: string) =>
  expect.objectContaining({
    code: "WORKFLOW_INVALID",
    message: expect.stringContaining(`unknown field "${name}" (did you mean "${meant}"?)`),
  });

describe("a field whose name resembles a field of a definition", () => {
  it.each([
    ["timeout", "timeoutMs"],
    ["timeoutMS", "timeoutMs"],
    ["timeout_ms", "timeoutMs"],
    ["timeOutMs", "timeoutMs"],
    ["tiemoutMs", "timeoutMs"],
    ["retries", "retry"],
    ["Retry", "retry"],
    ["retyr", "retry"],
    ["Type", "type"],
    ["tpye", "type"],
    ["Data", "data"],
    ["dtaa", "data"],
  ])("is refused on a node with a message that names both: %s", (name, meant) => {
    expect(() => define({ [name]: 1 })).toThrow(refusal(name, meant));
  });

  it.each([
    ["sourceHandel", "sourceHandle"],
    ["sourcehandle", "sourceHandle"],
    ["source_handle", "sourceHandle"],
    ["sourceHandleId", "sourceHandle"],
    ["targetHandl", "targetHandle"],
    ["fromOutput", "sourceHandle"],
    ["sourcePort", "sourceHandle"],
  ])("is refused on an edge with a message that names both: %s", (name, meant) => {
    expect(() => define({}, { [name]: "true" })).toThrow(refusal(name, meant));
  });

  it.each([
    ["maxAttempt", "maxAttempts"],
    ["max_attempts", "maxAttempts"],
    ["attempts", "maxAttempts"],
    ["retries", "maxAttempts"],
    ["backoff", "backoffMs"],
    ["backoffFacter", "backoffFactor"],
    ["maxBackoff", "maxBackoffMs"],
    ["onCrsh", "onCrash"],
    ["retry_on", "retryOn"],
    ["jiter", "jitter"],
  ])("is refused in a retry policy with a message that names both: %s", (name, meant) => {
    expect(() => define({ retry: { [name]: 2 } })).toThrow(refusal(name, meant));
  });

  it.each([
    [{ nodes: undefined, node: [] }, refusal("node", "nodes")],
    [{ edges: undefined, edge: [] }, refusal("edge", "edges")],
    [{ edges: undefined, connections: [] }, refusal("connections", "edges")],
    [{ edges: [{ from: "a", to: "b" }] }, refusal("from", "source")],
    [{ edges: [{ from: "a", to: "b" }] }, refusal("to", "target")],
    [{ edges: [{ sourceId: "a", targetId: "b" }] }, refusal("sourceId", "source")],
  ])("is named if the field itself is missing: %j", (more, refused) => {
    expect(() => define({}, {}, more)).toThrow(refused);
  });

  it("is ignored if the field itself is present", () => {
    expect(() => define({ type: "http", Type: "x" }, { sourceHandle: "a", sourceHandleId: "a" })).not.toThrow();
  });
});

describe("a field whose name resembles no field of a definition", () => {
  const NODE = {
    position: { x: 0, y: 0 },
    positionAbsolute: {},
    sourcePosition: "right",
    targetPosition: "left",
    width: 1,
    height: 1,
    initialWidth: 1,
    initialHeight: 1,
    measured: {},
    origin: [0, 0],
    selected: false,
    dragging: false,
    resizing: false,
    hidden: false,
    draggable: true,
    selectable: true,
    connectable: true,
    deletable: true,
    focusable: true,
    dragHandle: ".x",
    expandParent: true,
    extent: "parent",
    parentId: "p",
    parentNode: "p",
    style: {},
    className: "x",
    zIndex: 1,
    ariaLabel: "x",
    handles: [],
  };
  const EDGE = {
    type: "smoothstep",
    data: {},
    animated: true,
    hidden: false,
    label: "x",
    labelStyle: {},
    labelShowBg: true,
    labelBgStyle: {},
    markerStart: "x",
    markerEnd: {},
    style: {},
    className: "x",
    zIndex: 0,
    selected: false,
    selectable: true,
    deletable: true,
    focusable: true,
    reconnectable: true,
    updatable: true,
    interactionWidth: 20,
    pathOptions: {},
    sourceNode: {},
    targetNode: {},
    sourceX: 1,
    sourceY: 1,
    targetX: 1,
    targetY: 1,
  };

  it("is ignored, like every field that React Flow writes", () => {
    expect(define(NODE, EDGE, { viewport: {}, version: 2 })).toEqual({
      id: "w",
      nodes: [{ id: "a" }, { id: "b" }],
      edges: [{ source: "a", target: "b" }],
    });
    const nodes = [{ id: "a", ...NODE }, { id: "b" }];
    expect(() => fromReactFlow("w", { nodes, edges: [{ source: "a", target: "b", ...EDGE }] })).not.toThrow();
  });

  it.each([
    "date",
    "mate",
    "uid",
    "_id",
    "game",
    "meta",
    "tape",
    "order",
    "entry",
    "retryable",
    "kind",
    "x".repeat(1_000),
  ])("is ignored: %s", (name) => {
    expect(() => define({ [name]: 1 })).not.toThrow();
  });
});
