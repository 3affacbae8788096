import { WorkflowError } from "@waymark/core";
import { listed, quoted } from "@waymark/core/store";
import type { CanvasNode } from "./canvas-parts.ts";
import type { Dropped } from "./dropped.ts";

/** The fields in the data of a container that does more than draw a frame. */
const REPEATS = /loop|iterat|parallel|batch|foreach|while|repeat/i;

/**
 * Refuses nodes inside a container that runs them in its own way: a loop, an iteration, a sub-workflow.
 *
 * - A plain frame is allowed. A parent that does not exist is noted.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID
 */
export function refuseContainers(
  nodes: readonly CanvasNode[],
  { isStep, isFrame }: { isStep: (node: CanvasNode) => boolean; isFrame: (node: CanvasNode) => boolean },
  dropped: Dropped,
): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** The nearest container around each node that is not a plain frame, or `undefined`. */
  const known = new Map<CanvasNode, CanvasNode | undefined>();
  const containerOf = (node: CanvasNode): CanvasNode | undefined => {
    const path = new Set<CanvasNode>();
    let at: CanvasNode = node;
    let container: CanvasNode | undefined;
    for (;;) {
      if (known.has(at)) {
        container = known.get(at);
        break;
      }
      path.add(at);
      const parent = at.parentId === undefined ? undefined : byId.get(at.parentId);
      if (at.parentId !== undefined && parent === undefined) dropped.add("inside a node that does not exist", at.id);
      if (parent === undefined) break;
      if (!isPlain(parent, isFrame) || path.has(parent)) {
        container = parent;
        break;
      }
      at = parent;
    }
    for (const each of path) known.set(each, container);
    return container;
  };
  const inside = Map.groupBy(nodes.filter(isStep), containerOf);
  for (const [container, children] of inside) {
    if (container === undefined) continue;
    const ids = listed(children.map(({ id }) => id));
    throw new WorkflowError(
      "WORKFLOW_INVALID",
      `${ids} lie inside ${quoted(container.id)} (type ${quoted(container.type ?? "default")}), which is not a plain ` +
        "frame. Its effect on them would be lost.",
    );
  }
}

function isPlain(node: CanvasNode, isFrame: (node: CanvasNode) => boolean): boolean {
  const { type, kind, groupType } = node.data ?? {};
  return isFrame(node) && ![type, kind, groupType].some((said) => typeof said === "string" && REPEATS.test(said));
}
