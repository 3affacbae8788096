/** The executions that a node starts: one, or one for each of {@link ITEMS}, whose failures fail the node or are collected. */
export interface ChaosStart {
  kind: "sub" | "map" | "collect";
  /** The number of the workflow that it starts. */
  child: number;
}

/** How many workflows there are for nodes to start. */
export const CHILDREN = 24;

/** The workflow that waits for ever. */
export const ENDLESS_CHILD = 0;

/** What a child gets: the context key, whose value it adds to its own. */
export const GIVEN = "given";

/** The items of every map. */
export const ITEMS: readonly number[] = [1, 2, 3, 4, 5];

/** The data that an execution begins with. */
export const INITIAL_DATA = { items: ITEMS };

const CHILD_ID = /^chaos-child-(\d+)$/;

/**
 * The type of nodes that a worker of the version before does not know, in some of these workflows. It leaves these, and
 * the executions that would start them, to others.
 */
export const LATE_TYPE = "late";

export function childId(child: number): string {
  return `chaos-child-${child}`;
}

/** Returns the number of the workflow with this id; `undefined` if nodes do not start it. */
export function childNumber(workflowId: string): number | undefined {
  const [, number] = CHILD_ID.exec(workflowId) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The type of the nodes that start a workflow. */
export function startType({ kind, child }: ChaosStart): string {
  return `${kind}-${child}`;
}

/** Whether a workflow has a node of {@link LATE_TYPE}. */
export function isLate(child: number): boolean {
  return child % 6 === 2;
}

/** How often an execution of a workflow fails at most, unless it fails for good: it has to be resumed each time. */
export function failuresOf(child: number): number {
  if (child % 6 !== 3) return 0;
  return child % 4 === 3 ? 2 : 1;
}

/** Adds up the values of the nodes in a context. */
export function totalOf(context: Readonly<Record<string, unknown>>): number {
  const nodes = Object.keys(context).filter((key) => /^n\d+$/.test(key));
  return nodes.reduce((total, key) => total + numberOf(context[key]), 0);
}

/** Returns the value of a node in a context: that of a map is the sum of its results. */
export function numberOf(value: unknown): number {
  if (!Array.isArray(value)) return Number(value ?? 0);
  return value.reduce((total: number, each: unknown) => total + resultOf(each), 0);
}

/** Returns the value of a map's result; 0 for a failure that was collected. */
function resultOf(result: unknown): number {
  if (typeof result === "number") return result;
  const { success, output } = result as { success: boolean; output?: number };
  return success ? Number(output) : 0;
}

/** Returns what a node adds up: its weight, and the values of its inputs. */
export function addInputs(
  { weight, inputs }: { weight: number; inputs: readonly string[] },
  context: Readonly<Record<string, unknown>>,
): number {
  return inputs.reduce((total, input) => total + numberOf(context[input]), weight);
}
