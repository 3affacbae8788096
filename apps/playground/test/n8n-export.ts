/** A node of an n8n export. A name alone is an ordinary node. */
export interface ExportedNode {
  name: string;
  type?: string;
  typeVersion?: number;
  parameters?: Record<string, unknown>;
  disabled?: boolean;
  onError?: string;
}

/** `[source, output, target, input, kind]` */
export type ExportedConnection = [source: string, output: number, target: string, input?: number, kind?: string];

/** Makes an export like n8n: connections by the name of the source, the kind and the output. */
export function n8nExport(nodes: readonly (string | ExportedNode)[], connections: readonly ExportedConnection[] = []) {
  const bySource = new Map<string, Record<string, { node: string; type: string; index: number }[][]>>();
  for (const [source, output, target, input = 0, kind = "main"] of connections) {
    const kinds = bySource.get(source) ?? {};
    bySource.set(source, kinds);
    kinds[kind] ??= [];
    const outputs = kinds[kind];
    while (outputs.length <= output) outputs.push([]);
    outputs[output]?.push({ node: target, type: kind, index: input });
  }
  return {
    nodes: nodes.map((given, index) => {
      const node = typeof given === "string" ? { name: given } : given;
      const defaults = { id: `id-${index}`, type: "test.node", typeVersion: 1, position: [index * 200, 0] };
      return { ...defaults, parameters: { of: node.name }, ...node };
    }),
    connections: Object.fromEntries(bySource),
  };
}
