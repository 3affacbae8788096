import { WorkflowError } from "@waymark/core";
import { listed, quoted } from "@waymark/core/store";
import type { CanvasNode } from "./canvas-parts.ts";
import type { Dropped } from "./dropped.ts";

/** What the data of a container says if it does more than draw a frame. */
const REPEATS = /loop|iterat|parallel|batch|foreach|while|repeat/i;

/**
 * Refuses nodes inside a container that does something with them: a loop, an iteration, a sub-workflow.
 *
 * - A plain frame means nothing. A parent that does not exist is noted.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID
 */
export function refuseContainers(
  nodes: readonly CanvasNode[],
  { isStep, isFrame }: { isStep: (node: CanvasNode) => boolean; isFrame: (node: CanvasNode) => boolean },
  dropped: Dropped,
): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** The container that a node's parents end in, or none. */
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
      `${ids} lie inside ${quoted(container.id)} (type ${quoted(container.type ?? "default")}), which is no plain ` +
        "frame: what it does with them would be lost.",
    );
  }
}

function isPlain(node: CanvasNode, isFrame: (node: CanvasNode) => boolean): boolean {
  const { type, kind, groupType } = node.data ?? {};
  return isFrame(node) && ![type, kind, groupType].some((said) => typeof said === "string" && REPEATS.test(said));
}
