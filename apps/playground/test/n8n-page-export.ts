/** An n8n export with a node that has no executor here. */
export const N8N = {
  name: "CRM",
  nodes: [
    { id: "1", name: "Start", type: "n8n-nodes-base.manualTrigger", typeVersion: 1, position: [0, 0], parameters: {} },
    { id: "2", name: "Tell", type: "n8n-nodes-base.slack", typeVersion: 2, position: [200, 0], parameters: {} },
  ],
  connections: { Start: { main: [[{ node: "Tell", type: "main", index: 0 }]] } },
};
