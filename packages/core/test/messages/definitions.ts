import * as z from "zod/mini";
import { defineNode, defineWorkflow, fromReactFlow } from "../../src/index.ts";
import { append } from "../engine/chain.ts";
import { SECRET, type WrongCall } from "./wrong-call.ts";

const define = defineWorkflow as (definition: unknown) => unknown;
const node = defineNode as (node: unknown) => never;
const canvas = fromReactFlow as (...args: unknown[]) => unknown;
const EDGES: readonly object[] = [];
const A = { id: "a" };
const http = { type: "http", data: z.object({ url: z.string() }), run: append };

/** Wrong definitions of workflows and nodes. */
export const definitions: readonly WrongCall[] = [
  [
    "an edge by from and to",
    () => define({ id: "w", nodes: [A], edges: [{ from: "a", to: "a" }] }),
    "WORKFLOW_INVALID",
    /edges\.0.*unknown field "from"/,
    /did you mean "source"/,
  ],
  [
    "a numeric node id",
    () => define({ id: "w", nodes: [{ id: 1 }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes\.0\.id:.*number/,
    /String\(|"1"|string/,
  ],
  [
    "a numeric workflow id",
    () => define({ id: 1, nodes: [A], edges: EDGES }),
    "WORKFLOW_INVALID",
    /\bid:.*number/,
    /string/,
  ],
  [
    "a node without an id",
    () => define({ id: "w", nodes: [{ type: "http" }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes\.0\.id:.*missing/,
    /string/,
  ],
  ["no edges", () => define({ id: "w", nodes: [A] }), "WORKFLOW_INVALID", /edges:.*missing/, /list/],
  [
    "nodes by their ids",
    () => define({ id: "w", nodes: { a: {} }, edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes:.*object/,
    /list/,
  ],
  [
    "nodes as texts",
    () => define({ id: "w", nodes: ["a"], edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes\.0:.*string/,
    /object.*\{ id/,
  ],
  ["a definition as JSON", () => define("{}"), "WORKFLOW_INVALID", /string/, /JSON\.parse/],
  ["no definition", () => define(undefined), "WORKFLOW_INVALID", /nothing|missing/, /\{ id, nodes, edges \}/],
  [
    "positional arguments of defineWorkflow",
    () => (define as (...args: unknown[]) => unknown)("w", { nodes: [A], edges: EDGES }),
    "WORKFLOW_INVALID",
    /string/,
    /\{ id, nodes, edges \}/,
  ],
  [
    "a function in data",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", data: { run: () => SECRET } }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /data of node "a".*is a function at "run"/,
    /JSON/,
  ],
  [
    "a bigint in data",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", data: { n: 1n } }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /data of node "a".*is a bigint at "n"/,
    /JSON/,
  ],
  [
    "a cycle in data",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", data: cycle() }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /data of node "a".*at "v\.self"/,
    /contains itself/,
  ],
  [
    "data as text",
    () => define({ id: "w", nodes: [{ id: "a", data: "x" }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes\.0\.data:.*string/,
    /object/,
  ],
  [
    "retry as a number",
    () => define({ id: "w", nodes: [{ id: "a", retry: 3 }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes\.0\.retry:.*3/,
    /\{ maxAttempts: 3 \}/,
  ],
  [
    "maxAttempts as text",
    () => define({ id: "w", nodes: [{ id: "a", retry: { maxAttempts: "3" } }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /maxAttempts:.*string/,
    /number/,
  ],
  [
    "timeoutMs as text",
    () => define({ id: "w", nodes: [{ id: "a", timeoutMs: "5s" }], edges: EDGES }),
    "WORKFLOW_INVALID",
    /nodes\.0\.timeoutMs:.*string/,
    /milliseconds/,
  ],
  [
    "no nodes at all",
    () => define({ id: "w", nodes: [], edges: EDGES }),
    "WORKFLOW_EMPTY",
    /"w" has no nodes/,
    /at least one/,
  ],
  [
    "two nodes of one id",
    () => define({ id: "w", nodes: [A, A], edges: EDGES }),
    "DUPLICATE_NODE_ID",
    /two nodes.*"a"/,
    /id of its own/,
  ],
  [
    "an edge to nowhere",
    () => define({ id: "w", nodes: [A, { id: "charge" }], edges: [{ source: "a", target: "chrage" }] }),
    "UNKNOWN_EDGE_NODE",
    /target "chrage"/,
    /did you mean "charge"/,
  ],
  [
    "an edge to an unknown node",
    () => define({ id: "w", nodes: [A], edges: [{ source: "a", target: "z" }] }),
    "UNKNOWN_EDGE_NODE",
    /target "z"/,
    /no node has that id/,
  ],
  [
    "a type in another case",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", type: "HTTP" }], edges: EDGES }, { http: append }),
    "UNKNOWN_NODE_TYPE",
    /node "a".*"HTTP"/i,
    /did you mean "http"/,
  ],
  [
    "a type with another dash",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", type: "send-email" }], edges: EDGES }, { sendEmail: append }),
    "UNKNOWN_NODE_TYPE",
    /"send-email"/,
    /did you mean "sendEmail"/,
  ],
  [
    "a misspelt type",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", type: "htpp" }], edges: EDGES }, { http: append }),
    "UNKNOWN_NODE_TYPE",
    /"htpp"/,
    /did you mean "http"/,
  ],
  [
    "a type that nobody has",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", type: "sms" }], edges: EDGES }, { http: append }),
    "UNKNOWN_NODE_TYPE",
    /"sms"/,
    /executors.*"default", "http"/,
  ],
  [
    "a node without a type",
    ({ create }) =>
      create({
        workflows: [{ id: "w", nodes: [{ id: "a", kind: "http" }], edges: EDGES }],
        executors: { http: append },
      }).executeWorkflow({ workflowId: "w", userId: "u1" }),
    "UNKNOWN_NODE_TYPE",
    /node "a".*has no `type`/i,
    /`executors` has "http"/,
  ],
  [
    "a node with its type in its data",
    ({ create }) =>
      create({
        workflows: [{ id: "w", nodes: [{ id: "a", data: { label: SECRET, kind: "http" } }], edges: EDGES }],
        executors: { http: append, mail: append },
      }).executeWorkflow({ workflowId: "w", userId: "u1" }),
    "UNKNOWN_NODE_TYPE",
    /node "a".*has no `type`/i,
    /"data\.kind" is "http".*typeOf/,
  ],
  [
    "a node defined under another key",
    ({ start }) => start({ id: "w", nodes: [{ id: "a", type: "http" }], edges: EDGES }, { httpNode: node(http) }),
    "UNKNOWN_NODE_TYPE",
    /"http"/,
    /"httpNode"/,
  ],
  [
    "data that does not fit",
    ({ start }) =>
      start({ id: "w", nodes: [{ id: "a", type: "http", data: { url: 5 } }], edges: EDGES }, { http: node(http) }),
    "NODE_DATA_INVALID",
    /node "a".*url/,
    /string/,
  ],
  [
    "a definition that was not awaited",
    () => define(Promise.resolve({ id: "w", nodes: [A], edges: EDGES })),
    "WORKFLOW_INVALID",
    /not a Promise/,
    /await/,
  ],
  [
    "a canvas that was not awaited",
    () => canvas("w", Promise.resolve({ nodes: [A], edges: EDGES })),
    "WORKFLOW_INVALID",
    /flow:.*not a Promise/,
    /\{ nodes, edges \}/,
  ],
  [
    "a function in place of the options of fromReactFlow",
    () => canvas("w", { nodes: [A], edges: EDGES }, () => "http"),
    "INVALID_ARGUMENT",
    /fromReactFlow: options: must be an object.*not a function/,
    /\{ typeOf\?/,
  ],
  [
    "a canvas without an id",
    ({ start }) => start({ nodes: [A], edges: EDGES, viewport: { x: 0, y: 0, zoom: 1 } }),
    "WORKFLOW_INVALID",
    /id:.*missing/,
    /fromReactFlow/,
  ],
  [
    "fromReactFlow without an id",
    () => canvas({ nodes: [A], edges: EDGES }),
    "WORKFLOW_INVALID",
    /id: must be a string, not an object/,
    /fromReactFlow\(id, /,
  ],
  [
    "fromReactFlow with the nodes only",
    () => canvas("w", [A]),
    "WORKFLOW_INVALID",
    /fromReactFlow.*not a list/,
    /\{ nodes, edges \}/,
  ],
  [
    "defineNode with positional arguments",
    () => (node as (...args: unknown[]) => unknown)("http", append),
    "INVALID_ARGUMENT",
    /defineNode: takes one object.*string/,
    /\{ type, data, outputs\?, run \}/,
  ],
  [
    "defineNode with execute",
    () => node({ type: "a", data: z.object({}), execute: append }),
    "INVALID_ARGUMENT",
    /unknown option "execute"/,
    /"run"/,
  ],
  [
    "defineNode without a schema",
    () => node({ type: "a", run: append }),
    "INVALID_ARGUMENT",
    /data:.*missing/,
    /Standard Schema/,
  ],
  [
    "defineNode with a JSON schema",
    () => node({ type: "a", data: { type: "object" }, run: append }),
    "INVALID_ARGUMENT",
    /data:.*object/,
    /Standard Schema/,
  ],
];

function cycle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return { v: value };
}
