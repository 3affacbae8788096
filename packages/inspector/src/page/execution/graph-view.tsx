import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { Icon, type IconName } from "../icon.tsx";
import { visible } from "../parts/verbatim.tsx";
import { type Direction, type DrawnGraph, layoutOf, NODE_HEIGHT, NODE_WIDTH } from "./graph-layout.ts";
import { type GraphProgress, isTaken, type NodeState, nodeStates } from "./node-states.ts";

const ICONS: Record<NodeState, IconName> = {
  done: "check",
  failed: "cross",
  waiting: "clock",
  running: "play",
  next: "next",
  skipped: "stop",
  idle: "stop",
};

type StepNode = Node<{ title: string; type: string; state: NodeState; visits: number; direction: Direction }, "step">;
const TYPES = { step: StepNodeView };
const HINT = "Press enter or space to show the last step of the node.";

interface GraphViewProps {
  graph: DrawnGraph;
  progress: GraphProgress;
  /** The runs of each node, as far as they are loaded. */
  visits: ReadonlyMap<string, number>;
  selected: string | undefined;
  onSelect: (nodeId: string) => void;
  /** Default: to the right. */
  direction?: Direction;
  /** What enter does, for screen readers. */
  hint?: string;
}

/** The graph as it was when the execution ran, with the state of each node. */
export function GraphView({
  graph,
  progress,
  visits,
  selected,
  onSelect,
  direction = "LR",
  hint = HINT,
}: GraphViewProps) {
  const places = useMemo(() => layoutOf(graph, direction), [graph, direction]);
  const states = useMemo(() => nodeStates(progress), [progress]);
  const nodes = graph.nodes.map(({ id, name, type }): StepNode => {
    const state = states.get(id) ?? "idle";
    const title = name ?? id;
    return {
      id,
      type: "step",
      position: places.get(id) ?? { x: 0, y: 0 },
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      selected: id === selected,
      ariaLabel: `${visible(title)}, ${state}`,
      data: { title, type, state, visits: visits.get(id) ?? 0, direction },
    };
  });
  const edges = graph.edges.map((edge, index): Edge => {
    const taken = isTaken(edge, progress);
    return {
      id: String(index),
      source: edge.source,
      target: edge.target,
      ...(edge.sourceHandle === undefined ? {} : { label: visible(edge.sourceHandle) }),
      className: taken ? "taken" : "not-taken",
      focusable: false,
      selectable: false,
    };
  });
  return (
    <div className="graph">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        fitView
        fitViewOptions={firstView(selected)}
        minZoom={0.05}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        onlyRenderVisibleElements={graph.nodes.length > 150}
        onNodesChange={(changes) => {
          const chosen = changes.find((change) => change.type === "select" && change.selected);
          if (chosen?.type === "select") onSelect(chosen.id);
        }}
        ariaLabelConfig={{ "node.a11yDescription.default": hint }}
        preventScrolling={false}
        deleteKeyCode={null}
      >
        <Background gap={18} size={1} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

/** The whole graph; on a narrow screen, the selected node and what fits beside it. */
function firstView(selected: string | undefined) {
  const isNarrow = window.innerWidth < 760 && selected !== undefined;
  return isNarrow ? { nodes: [{ id: selected }], maxZoom: 0.8 } : { padding: 0.12, maxZoom: 1 };
}

function StepNodeView({ data, selected }: NodeProps<StepNode>) {
  const { title, type, state, visits, direction } = data;
  const isDown = direction === "TB";
  return (
    <div className={`step ${state}${selected === true ? " selected" : ""}`}>
      <Handle type="target" position={isDown ? Position.Top : Position.Left} isConnectable={false} />
      <span className={`mark ${state}`}>
        <Icon name={ICONS[state]} size={12} />
      </span>
      <span className="step-text">
        <bdi className="step-title">{visible(title)}</bdi>
        <bdi className="step-type">{visible(type)}</bdi>
      </span>
      {visits > 1 && <span className="visits">×{visits}</span>}
      <Handle type="source" position={isDown ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
}
