import { checker } from "../checker.ts";
import { randomUUID } from "../crypto.ts";
import { compilePlan } from "../definition/compile-plan.ts";
import { buildGraph } from "../definition/graph.ts";
import { nodeType } from "../definition/node-type.ts";
import { parseDefinition } from "../definition/parse-definition.ts";
import type { Plan } from "../definition/plan.ts";
import { Planner } from "../definition/planner.ts";
import type { WorkflowDefinition, WorkflowNode } from "../definition/schema.ts";
import { strongComponents } from "../definition/strong-components.ts";
import { unknownNodeType } from "../definition/unknown-node-type.ts";
import { childSpecOf } from "../engine/child-spec.ts";
import { contextAfter } from "../engine/context-after.ts";
import { refuseUndeclared } from "../engine/declared-outputs.ts";
import { idempotencyKey } from "../engine/idempotency-key.ts";
import { nodeDataOf } from "../engine/node-data.ts";
import type { NodeExecutor, NodeLogger, WorkflowContext } from "../engine/node-executor.ts";
import { readResult } from "../engine/node-outcome.ts";
import { executorRecord } from "../engine/options.ts";
import { messageOf, readProperty, WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { list } from "../option.ts";
import { listed, quoted } from "../text.ts";

/**
 * The options of {@link createWorkflowExecutor}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/migration.md
 */
export interface WorkflowExecutorOptions {
  workflows: readonly WorkflowDefinition[];
  // biome-ignore lint/suspicious/noExplicitAny: each executor types its own context and data
  executors: Readonly<Record<string, NodeExecutor<any, any>>>;
}

/** The result of a run of the old executor. */
export interface WorkflowExecutorResult {
  success: boolean;
  output?: WorkflowContext;
  error?: string;
}

/** The old executor, as {@link createWorkflowExecutor} returns it. */
export interface WorkflowExecutor {
  /**
   * Runs a workflow from its start.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, WORKFLOW_NOT_FOUND, WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID,
   *   V1_UNSUPPORTED, UNKNOWN_EDGE_NODE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID
   */
  executeWorkflowSync(call: {
    workflowId: string;
    userId: string;
    initialData?: Record<string, unknown>;
  }): Promise<WorkflowExecutorResult>;
}

/**
 * Creates the executor that Waymark replaces. It passes one mutable context from node to node and keeps nothing.
 *
 * - A crash or a failure loses everything. A run cannot be resumed, timed out or inspected.
 * - It plans as the new engine does, so both run the same nodes in the same order.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 * @deprecated Use `createWorkflowEngine` of `@waymark/core`; docs/migration.md shows the way.
 */
export function createWorkflowExecutor(options: WorkflowExecutorOptions): WorkflowExecutor {
  const { workflows, executors } = checkOptions(options);
  return {
    async executeWorkflowSync(call) {
      if (typeof call !== "object" || call === null) {
        const problem = mustBe("one object { workflowId, userId, initialData? }", call);
        throw new WorkflowError("INVALID_ARGUMENT", `executeWorkflowSync: ${problem}.`);
      }
      const { workflowId, userId, initialData = {} } = call;
      if ((call as { startAt?: unknown }).startAt !== undefined) {
        const message = "The old executor starts at every node that no edge leads to (startAt).";
        throw new WorkflowError("V1_UNSUPPORTED", message, { details: { workflowId } });
      }
      const definition = workflows.find((each) => readProperty(each, "id") === workflowId);
      if (definition === undefined) {
        throw new WorkflowError("WORKFLOW_NOT_FOUND", `No workflow ${quoted(workflowId)}.`, {
          details: { workflowId },
        });
      }
      const plan = planOf(parseDefinition(definition));
      const { graph } = plan;
      const steps: { node: WorkflowNode; run: NodeExecutor<WorkflowContext, unknown>; data: object }[] = [];
      for (const node of graph.nodes) {
        const run = executorOf(executors, workflowId, node);
        steps.push({ node, run, data: await nodeDataOf(workflowId, node, run) });
      }
      const planner = new Planner(plan);
      const executionId = randomUUID();
      let context: WorkflowContext = initialData;
      for (let index = planner.next(); index !== undefined; index = planner.next()) {
        const { node, run, data } = steps[index] as (typeof steps)[number];
        try {
          const result = await run({
            context,
            node,
            data,
            userId,
            workflowId,
            executionId,
            visit: 1,
            attempt: 1,
            idempotencyKey: idempotencyKey({ id: executionId, instance: executionId }, { nodeId: node.id, visit: 1 }),
            // It cannot suspend, so nothing has this token.
            waitToken: "",
            signal: new AbortController().signal,
            log: SILENT,
          });
          const outcome = readResult(result, node.id);
          if (outcome.kind === "suspended")
            throw new Error("The old executor cannot suspend a run. Use createWorkflowEngine of @waymark/core.");
          context = contextAfter(context, outcome);
          if (outcome.handles) refuseUndeclared(run, node, outcome.handles);
          planner.settle(index, outcome.handles);
        } catch (error) {
          return { success: false, error: messageOf(error) };
        }
      }
      return { success: true, output: context };
    },
  };
}

const checkOptions = checker<WorkflowExecutorOptions>("createWorkflowExecutor", {
  workflows: list,
  executors: executorRecord,
});

/** @throws {WorkflowError} V1_UNSUPPORTED */
function planOf(definition: WorkflowDefinition): Plan {
  const { id: workflowId, nodes } = definition;
  for (const { id, disabled, onError = "fail" } of nodes) {
    if (disabled === true) throw unsupported(workflowId, `a disabled node, ${quoted(id)}`, id);
    if (onError !== "fail") throw unsupported(workflowId, `a node with an error policy, ${quoted(id)}`, id);
  }
  const graph = buildGraph(definition);
  const [loop] = strongComponents(graph, nodes.keys(), () => true);
  if (loop !== undefined) {
    const nodeIds = loop.toSorted((a, b) => a - b).map((index) => nodes[index]?.id);
    throw unsupported(workflowId, `a loop (${listed(nodeIds)})`);
  }
  return compilePlan(graph);
}

function unsupported(workflowId: string, what: string, nodeId?: string): WorkflowError {
  return new WorkflowError(
    "V1_UNSUPPORTED",
    `Workflow ${quoted(workflowId)} has ${what}, which the old executor cannot run. Use createWorkflowEngine of @waymark/core.`,
    { details: { workflowId, ...(nodeId === undefined ? {} : { nodeId }) } },
  );
}

/** @throws {WorkflowError} UNKNOWN_NODE_TYPE, V1_UNSUPPORTED */
function executorOf(
  executors: WorkflowExecutorOptions["executors"],
  workflowId: string,
  node: { id: string; type?: string },
): NodeExecutor<WorkflowContext, unknown> {
  const type = nodeType(node);
  const executor = Object.hasOwn(executors, type) ? executors[type] : undefined;
  if (executor === undefined) throw unknownNodeType(workflowId, node);
  if (childSpecOf(executor) !== undefined) {
    throw unsupported(workflowId, `a node that runs other workflows, ${quoted(node.id)}`, node.id);
  }
  return executor;
}

const SILENT: NodeLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
