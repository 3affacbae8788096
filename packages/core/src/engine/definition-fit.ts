import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import { readExecution } from "../state/open-execution.ts";
import type { Progress, RanNode } from "../state/progress.ts";
import { RESUMABLE } from "../state/status-policy.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { listed, quoted } from "../text.ts";
import type { Limits, PreparedWorkflow } from "./prepared-workflow.ts";
import type { WorkflowCatalog } from "./workflow-catalog.ts";

/** The parts that find the definition of an execution. */
interface Parts {
  catalog: WorkflowCatalog;
  limits: Limits;
}

/** The types of nodes, by their ids. */
type NodeTypes = ReadonlyMap<string, string>;

/** A node that has run, and that another definition does not have as it was. */
interface Misfit {
  nodeId: string;
  /** The type that it had, if that is known. */
  type: string | undefined;
  /** The type that it has in the other definition; `undefined` if it is not there. */
  currentType: string | undefined;
}

/** The nodes that have run and are gone, or have another type. If the types they had are not known, only those gone. */
export function misfits(ran: Iterable<RanNode>, current: NodeTypes, before: NodeTypes | undefined): Misfit[] {
  const found = new Map<string, Misfit>();
  for (const { nodeId } of ran) {
    const currentType = current.get(nodeId);
    const type = before?.get(nodeId);
    const fits = currentType !== undefined && (type === undefined || type === currentType);
    if (!fits) found.set(nodeId, { nodeId, type, currentType });
  }
  return [...found.values()];
}

/**
 * Refuses to continue an execution by a definition in which a node that has run is missing or has another type. The
 * nodes after it would get a context that they do not expect.
 *
 * @throws {WorkflowError} DEFINITION_INCOMPATIBLE, STORE_UNAVAILABLE
 */
export async function refuseMisfit(
  { catalog, limits }: Parts,
  workflow: PreparedWorkflow,
  { head, ran }: { head: ExecutionRecord; ran: Iterable<RanNode> },
): Promise<void> {
  const { id: executionId, definitionHash, workflowId } = head;
  if (workflow.hash === definitionHash) return;
  const before =
    definitionHash === undefined ? undefined : await (await catalog.kept()).nodeTypes(definitionHash, limits);
  const found = misfits(ran, new Map(workflow.steps.map(({ node, type }) => [node.id, type])), before);
  const [first] = found;
  if (first === undefined) return;
  const { nodeId, type, currentType } = first;
  const had = type === undefined ? "" : ` as type ${quoted(type)}`;
  const has = currentType === undefined ? "does not have the node" : `has it as type ${quoted(currentType)}`;
  throw new WorkflowError(
    "DEFINITION_INCOMPATIBLE",
    `Execution ${quoted(executionId)} has run node ${quoted(nodeId)}${had}, and the engine's own definition of workflow ${quoted(workflowId)} ${has}.`,
    {
      executionId,
      details: {
        ...{ nodeId, ...(type === undefined ? {} : { type }), ...(currentType === undefined ? {} : { currentType }) },
        nodeIds: found.slice(0, MOST_LISTED).map((each) => each.nodeId),
      },
    },
  );
}

/**
 * Refuses a resume with `definition: "current"` that does not fit what has run: as the execution is read, or as the journal
 * of its claim has it.
 *
 * @throws {WorkflowError} as {@link refuseMisfit} and `readExecution`
 */
export async function refuseUnfit(
  { surroundings, ...parts }: Parts & { surroundings: Surroundings },
  workflow: PreparedWorkflow,
  head: ExecutionRecord,
  claimed?: Pick<Journal, "progress">,
): Promise<void> {
  // If the execution cannot be claimed, the claim refuses it with the reason.
  if (!RESUMABLE.includes(head.status)) return;
  const { id, userId } = head;
  const { journal, record } =
    claimed === undefined
      ? await readExecution(surroundings, id, { checkpoints: "last", userId })
      : { journal: claimed, record: head };
  const { ran, waiting, start } = journal.progress;
  refuseStart(workflow, record, start);
  // A node that waits has run as far as its question: the answer must find it.
  const begun = [...ran, ...Array.from(waiting.keys(), (nodeId) => ({ nodeId }))];
  await refuseMisfit(parts, workflow, { head: record, ran: begun });
}

/** Refuses a definition in which the execution could not have started where it has. */
function refuseStart(workflow: PreparedWorkflow, { id: executionId }: ExecutionRecord, start: Progress["start"]): void {
  try {
    workflow.plans.of(start);
  } catch (error) {
    if (!isWorkflowError(error, "INVALID_ARGUMENT")) throw error;
    throw new WorkflowError(
      "DEFINITION_INCOMPATIBLE",
      `Execution ${quoted(executionId)} has started at ${listed(start ?? [])}. ${error.message}`,
      { executionId, details: { ...error.details, startAt: start } },
    );
  }
}

/** The most nodes that an error lists. */
const MOST_LISTED = 100;
