import { chain } from "../engine/chain.ts";
import { SECRET, type WrongCall } from "./wrong-call.ts";

const CALL = { workflowId: "chain", userId: "u1" };

/** Wrong calls of executeWorkflow. */
export const callsThatStart: readonly WrongCall[] = [
  [
    "positional arguments",
    ({ engine }) => engine.executeWorkflow("chain", "u1", { a: 1 }),
    "INVALID_ARGUMENT",
    /executeWorkflow: takes one object/,
    /\{ workflowId, userId, initialData\?/,
  ],
  [
    "no arguments",
    ({ engine }) => engine.executeWorkflow(),
    "INVALID_ARGUMENT",
    /executeWorkflow: takes one object.*(nothing|missing)/,
    /\{ workflowId, userId/,
  ],
  [
    "the definition in place of its id",
    ({ engine }) => engine.executeWorkflow({ workflow: { id: "chain" }, userId: "u1" }),
    "INVALID_ARGUMENT",
    /unknown option "workflow"/,
    /did you mean "workflowId"/,
  ],
  [
    "a definition as the workflowId",
    ({ engine }) => engine.executeWorkflow({ workflowId: { id: "chain" }, userId: "u1" }),
    "INVALID_ARGUMENT",
    /workflowId:.*object/,
    /string/,
  ],
  [
    "no userId",
    ({ engine }) => engine.executeWorkflow({ workflowId: "chain" }),
    "INVALID_ARGUMENT",
    /userId:.*missing/,
    /string/,
  ],
  [
    "userId null",
    ({ engine }) => engine.executeWorkflow({ ...CALL, userId: null }),
    "INVALID_ARGUMENT",
    /userId:.*null/,
    /string/,
  ],
  [
    "a numeric userId",
    ({ engine }) => engine.executeWorkflow({ ...CALL, userId: 42 }),
    "INVALID_ARGUMENT",
    /userId:.*number/,
    /String\(/,
  ],
  [
    "userId in another case",
    ({ engine }) => engine.executeWorkflow({ workflowId: "chain", userID: "u1" }),
    "INVALID_ARGUMENT",
    /unknown option "userID"/,
    /did you mean "userId"/,
  ],
  [
    "an empty executionId",
    ({ engine }) => engine.executeWorkflow({ ...CALL, executionId: "" }),
    "INVALID_ARGUMENT",
    /executionId:/,
    /1 to 512 bytes/,
  ],
  [
    "a numeric executionId",
    ({ engine }) => engine.executeWorkflow({ ...CALL, executionId: 7 }),
    "INVALID_ARGUMENT",
    /executionId:.*number/,
    /String\(/,
  ],
  [
    "initialData as JSON",
    ({ engine }) => engine.executeWorkflow({ ...CALL, initialData: JSON.stringify({ a: SECRET }) }),
    "INVALID_ARGUMENT",
    /initialData.*string/,
    /plain object/,
  ],
  [
    "initialData as a list",
    ({ engine }) => engine.executeWorkflow({ ...CALL, initialData: [1] }),
    "INVALID_ARGUMENT",
    /initialData.*a list/,
    /plain object/,
  ],
  [
    "initialData as a Map",
    ({ engine }) => engine.executeWorkflow({ ...CALL, initialData: new Map() }),
    "INVALID_ARGUMENT",
    /initialData.*"Map"/,
    /plain object/,
  ],
  [
    "initialData that contains itself",
    ({ engine }) => engine.executeWorkflow({ ...CALL, initialData: { v: cycle() } }),
    "STATE_NOT_SERIALIZABLE",
    /context\.v\.self/,
    /contains itself/,
  ],
  [
    "initialData with a function",
    ({ engine }) => engine.executeWorkflow({ ...CALL, initialData: { onDone: () => SECRET } }),
    "STATE_NOT_SERIALIZABLE",
    /context\.onDone.*function/,
    /cannot keep/,
  ],
  [
    "initialData with an instance",
    ({ engine }) => engine.executeWorkflow({ ...CALL, initialData: { order: new Order() } }),
    "STATE_NOT_SERIALIZABLE",
    /context\.order.*instance of Order/,
    /codec\.types/,
  ],
  [
    "input in place of initialData",
    ({ engine }) => engine.executeWorkflow({ ...CALL, input: { a: 1 } }),
    "INVALID_ARGUMENT",
    /unknown option "input"/,
    /initialData/,
  ],
  [
    "context in place of initialData",
    ({ engine }) => engine.executeWorkflow({ ...CALL, context: { a: 1 } }),
    "INVALID_ARGUMENT",
    /unknown option "context"/,
    /initialData/,
  ],
  [
    "retry on a call",
    ({ engine }) => engine.executeWorkflow({ ...CALL, retry: { maxAttempts: 3 } }),
    "INVALID_ARGUMENT",
    /unknown option "retry"/,
    /createWorkflowEngine/,
  ],
  [
    "timeout without its unit",
    ({ engine }) => engine.executeWorkflow({ ...CALL, timeout: 5_000 }),
    "INVALID_ARGUMENT",
    /unknown option "timeout"/,
    /did you mean "timeoutMs"/,
  ],
  [
    "timeoutMs as text",
    ({ engine }) => engine.executeWorkflow({ ...CALL, timeoutMs: "5s" }),
    "INVALID_ARGUMENT",
    /timeoutMs:.*string/,
    /milliseconds/,
  ],
  [
    "timeoutMs 0",
    ({ engine }) => engine.executeWorkflow({ ...CALL, timeoutMs: 0 }),
    "INVALID_ARGUMENT",
    /timeoutMs:.*0/,
    /more than (zero|0)/,
  ],
  [
    "deadlineMs as a Date",
    ({ engine }) => engine.executeWorkflow({ ...CALL, deadlineMs: new Date() }),
    "INVALID_ARGUMENT",
    /deadlineMs:.*Date/,
    /milliseconds/,
  ],
  [
    "an AbortController as the signal",
    ({ engine }) => engine.executeWorkflow({ ...CALL, signal: new AbortController() }),
    "INVALID_ARGUMENT",
    /signal:.*AbortController/,
    /\.signal/,
  ],
  [
    "an unknown ifExists",
    ({ engine }) => engine.executeWorkflow({ ...CALL, ifExists: "ignore" }),
    "INVALID_ARGUMENT",
    /ifExists:.*"ignore"/,
    /"fail" or "join" or "resume"|"fail", "join" or "resume"/,
  ],
  [
    "metadata of numbers",
    ({ engine }) => engine.executeWorkflow({ ...CALL, metadata: { tenant: 5 } }),
    "INVALID_ARGUMENT",
    /metadata.*tenant/,
    /string/,
  ],
  [
    "an unknown workflow",
    ({ engine }) => engine.executeWorkflow({ ...CALL, workflowId: "chian" }),
    "WORKFLOW_NOT_FOUND",
    /"chian"/,
    /did you mean "chain"/,
  ],
  [
    "a workflow of another name",
    ({ engine }) => engine.executeWorkflow({ ...CALL, workflowId: "invoice" }),
    "WORKFLOW_NOT_FOUND",
    /"invoice"/,
    /"chain"/,
  ],
  [
    "a workflow that is undefined in a record",
    ({ create }) => create({ workflows: { chain: undefined, invoice: chain(1) } }).executeWorkflow(CALL),
    "WORKFLOW_NOT_FOUND",
    /No workflow "chain": `workflows` has "invoice"/,
    /"invoice"/,
  ],
  [
    "a workflow that is undefined in a list",
    ({ create }) => create({ workflows: [undefined] }).executeWorkflow(CALL),
    "WORKFLOW_NOT_FOUND",
    /No workflow "chain"/,
    /`workflows` is empty/,
  ],
  [
    "no start node",
    ({ engine }) => engine.executeWorkflow({ ...CALL, startAt: [] }),
    "INVALID_ARGUMENT",
    /startAt: .*list is empty/,
    /name a node/,
  ],
];

function cycle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

class Order {
  secret = SECRET;
}
