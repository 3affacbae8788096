import type { NodeExecutor, NodeResult } from "@waymark/core";

/** Calls an executor like V2: with a frozen context and validated data. */
export async function runNode(
  executor: unknown,
  call: {
    data?: Record<string, unknown>;
    context?: Record<string, unknown>;
    nodeId?: string;
    idempotencyKey?: string;
    signal?: AbortSignal;
  } = {},
): Promise<NodeResult> {
  const { data = {}, context = {}, nodeId = "node", idempotencyKey = "key", signal } = call;
  const node = executor as NodeExecutor & {
    dataSchema: { "~standard": { validate(value: unknown): { value: Record<string, unknown>; issues?: unknown } } };
  };
  const checked = node.dataSchema["~standard"].validate(data);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  return node({
    context: deepFreeze(structuredClone(context)),
    node: { id: nodeId },
    data: checked.value,
    userId: "user",
    workflowId: "workflow",
    executionId: "execution",
    attempt: 1,
    visit: 1,
    waitToken: "token",
    idempotencyKey,
    signal: signal ?? new AbortController().signal,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
