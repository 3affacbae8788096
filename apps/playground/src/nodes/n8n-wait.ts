import { type NodeExecutor, suspend, type WorkflowDefinition } from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";
import { NodePlaces } from "./node-places.ts";

/**
 * Makes the executor of n8n's Wait: it suspends the execution, for a time, or until somebody answers.
 *
 * - After a time its output is its input. After a call of its webhook or its form, it is the answer: the `data` of
 *   `answerWait` or `resumeWorkflow`. The token for `answerWait` stands in the result and the state of the execution.
 */
export function createN8nWait(workflow: WorkflowDefinition): NodeExecutor {
  const places = new NodePlaces(workflow);
  return ({ context, node, resume }) => {
    const { wait = {} } = (node.data ?? {}) as Partial<N8nNodeData>;
    const { forMs, until, reason } = wait;
    const isTimed = (forMs !== undefined && forMs > 0) || until !== undefined;
    if (resume === undefined && (isTimed || reason !== undefined)) {
      return suspend({
        ...(forMs === undefined ? {} : { forMs }),
        ...(until === undefined ? {} : { until: new Date(until) }),
        ...(reason === undefined ? {} : { reason }),
      });
    }
    if (resume !== undefined && reason !== undefined && !resume.timedOut) {
      return { ...context, [node.id]: [{ json: resume.data }] };
    }
    const [first] = places.inputsOf(node.id).filter((id) => Object.hasOwn(context, id));
    return first === undefined ? context : { ...context, [node.id]: context[first] };
  };
}
