/** As the application's canvas saves it: what React Flow draws, and what the engine runs. */
export const order = {
  id: "order",
  nodes: ["reserve", "charge", "ship"].map((id, index) => ({
    id,
    type: "default",
    position: { x: index * 220, y: 80 },
    data: { label: id },
  })),
  edges: [
    { id: "e1", source: "reserve", target: "charge" },
    { id: "e2", source: "charge", target: "ship" },
  ],
};
