"use client";

import { type Edge, type Node, ReactFlow } from "@xyflow/react";
import { useState } from "react";

const COLOURS: Record<string, string> = { done: "palegreen", failed: "lightsalmon" };

/** The application's own canvas. Its nodes light up as they are run. */
export function Canvas({ nodes, edges }: { nodes: Node[]; edges: Edge[] }) {
  const [status, setStatus] = useState("not started");
  const [states, setStates] = useState<Record<string, string>>({});

  async function start() {
    setStates({});
    const headers = { "idempotency-key": crypto.randomUUID(), "content-type": "application/json" };
    const response = await fetch("/orders", { method: "POST", headers, body: JSON.stringify({ item: "book" }) });
    const { executionId } = (await response.json()) as { executionId: string };
    const events = new EventSource(`/orders/${encodeURIComponent(executionId)}/events`);
    events.onmessage = ({ data }) => {
      const update = JSON.parse(data) as { status: string; nodes: Record<string, string> };
      setStatus(update.status);
      setStates((before) => ({ ...before, ...update.nodes }));
    };
    // The stream ends when the execution has ended. An EventSource would open it again.
    events.onerror = () => events.close();
  }

  const shown = nodes.map((node) => {
    const state = states[node.id];
    return state === undefined ? node : { ...node, className: state, style: { background: COLOURS[state] } };
  });
  return (
    <main>
      <button type="button" onClick={start}>
        Order a book
      </button>
      <output>{status}</output>
      <div style={{ height: 300 }}>
        <ReactFlow nodes={shown} edges={edges} fitView />
      </div>
    </main>
  );
}
