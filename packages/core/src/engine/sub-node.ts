import { abandonPromises } from "../abandoned-promises.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { isPlainObject } from "../state/live-values.ts";
import { quoted } from "../text.ts";
import type { ChildCall } from "./child-call.ts";
import { byUser, type ChildNode, parentArgsOf, suspendedFor } from "./child-node.ts";
import { ChildUnfinished } from "./child-outcome.ts";
import type { SubSpec } from "./child-spec.ts";
import { patch } from "./node-executor.ts";
import { type NodeOutcome, readResult } from "./node-outcome.ts";

/** Runs the child of a node. @throws {ChildUnfinished}; {WorkflowError} CHILD_FAILED, NODE_RESULT_INVALID */
export async function runSubNode(node: ChildNode, spec: SubSpec, { args, run }: ChildCall): Promise<NodeOutcome> {
  const own = parentArgsOf(args);
  const id = node.idOf();
  const initialData = () =>
    spec.input === undefined
      ? args.context
      : checkedInput(
          byUser(() => spec.input?.(own)),
          run.nodeId,
        );
  const end = await node.drive({ id, mayExist: node.mayHaveBegun, initialData });
  switch (end.status) {
    case "completed": {
      const { output } = end;
      const result = byUser(() => (spec.output === undefined ? patch(output) : spec.output(output as never, own)));
      const outcome = readResult(result, run.nodeId);
      if (outcome.kind === "next") return outcome;
      throw new WorkflowError(
        "NODE_RESULT_INVALID",
        `Node ${quoted(run.nodeId)}: the output of a subWorkflow() must not suspend. Let a node after it wait.`,
      );
    }
    case "failed":
    case "cancelled":
      throw node.failed(id, end.status, end.failure);
    case "suspended":
      return suspendedFor(end.waiting, end.wakeAt);
    case "pending":
      throw new ChildUnfinished(end.wakeAt);
  }
}

function checkedInput(input: unknown, nodeId: string): object {
  if (isPlainObject(input)) return input;
  abandonPromises(input);
  throw new WorkflowError(
    "NODE_RESULT_INVALID",
    `Node ${quoted(nodeId)}: what "input" of a subWorkflow() returns ${mustBe("a plain object", input)}.`,
  );
}
