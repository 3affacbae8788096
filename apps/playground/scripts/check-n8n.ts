/**
 * Imports and compares every n8n export in a folder: `node scripts/check-n8n.ts FOLDER`.
 *
 * - Each file must compare with equal outputs and no repeated completed node: V2 with V1, or with itself if V1 refuses
 *   the workflow.
 * - A comparison with a recorded run of V1 must find each planted difference at its node, and none where there is none.
 * - The script counts the connections independently. Each must be an edge or be listed as dropped.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isWorkflowError } from "@waymark/core";
import { startEnvironment } from "../src/cli/environment.ts";
import { oneLine } from "../src/cli/one-line.ts";
import { renderTable } from "../src/cli/table.ts";
import { compareWorkflow } from "../src/compare/compare-workflow.ts";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { runV1 } from "../src/compare/executors.ts";
import { readJson } from "../src/import/json-file.ts";
import { partFrom } from "../src/import/part-from.ts";
import { type LoadedWorkflow, parseWorkflows } from "../src/import/workflow-file.ts";
import { openStore } from "../src/store/open-store.ts";
import { checkPlanted } from "./planted-differences.ts";

interface Row {
  file: string;
  result: "V1 = V2" | "V2 = V2" | "FAILED";
  edges: string;
  nodes: string;
  /** The planted differences that were found, and all of them. */
  planted: string;
  remark: string;
}

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write("usage: node scripts/check-n8n.ts FOLDER\n");
  process.exit(2);
}

await using environment = await startEnvironment({});
const store = await openStore({ name: "memory" });
const rows: Row[] = [];
for (const file of (await readdir(folder)).filter((name) => name.endsWith(".json")).sort()) {
  rows.push(await check(file, await readJson(join(folder, file))));
}
const lines = renderTable(rows, [
  { title: "file", cell: ({ file }) => oneLine(file), maxWidth: 34 },
  { title: "result", cell: ({ result }) => result },
  { title: "edges", align: "right", cell: ({ edges }) => edges },
  { title: "nodes run", align: "right", cell: ({ nodes }) => nodes },
  { title: "planted", align: "right", cell: ({ planted }) => planted },
  { title: "", cell: ({ remark }) => oneLine(remark), maxWidth: 36 },
]);
const count = (result: Row["result"]) => rows.filter((row) => row.result === result).length;
process.stdout.write(`${lines.join("\n")}\n\n`);
process.stdout.write(
  `${count("V1 = V2")} equal to V1, ${count("V2 = V2")} refused by V1 and equal to themselves, ${count("FAILED")} failed\n`,
);
process.exitCode = count("FAILED") === 0 && rows.length > 0 ? 0 : 1;

async function check(file: string, value: unknown): Promise<Row> {
  const edgesIn = countMainConnections(value);
  const row = { file, edges: `${edgesIn}`, nodes: "", planted: "" };
  try {
    const [loaded] = parseWorkflows(value, file) as [LoadedWorkflow];
    const { executors, passedThrough } = resolveExecutors(loaded, { bundled: environment.nodes });
    const dropped = loaded.n8n?.unused.filter(({ kind }) => kind === "main").length ?? 0;
    const edgesOut = loaded.workflow.edges.length;
    const report = await compareWorkflow(loaded, {
      services: environment.services,
      executors,
      runV1,
      v2: { store, contextMode: "frozen" },
      runLimitMs: 60_000,
    });
    const hasAll = edgesIn === edgesOut + dropped;
    const edges = `${edgesIn}=${edgesOut}${dropped === 0 ? "" : `+${dropped}`}`;
    const nodes = `${report.nodes.run}/${report.nodes.total}`;
    if (report.refusal !== undefined) {
      const result = report.ok && hasAll ? "V2 = V2" : "FAILED";
      return { ...row, result, edges, nodes, remark: (report.difference ?? report.refusal).replace(/\s+/g, " ") };
    }
    environment.services.reset(loaded.faults);
    const countRequests = () => environment.services.received;
    // The recorded run of V1 starts at every node, so the comparison must, too.
    const started = { ...loaded, workflow: partFrom(loaded.workflow, loaded.startAt) };
    const { same, planted, missed, requests } = await checkPlanted(started, { executors, countRequests });
    const isFound = same.result === "equal" && missed.length === 0 && requests.v2 === 0;
    if (!isFound) process.stderr.write(`${JSON.stringify({ file, same, missed: missed.slice(0, 3), requests })}\n`);
    const stoodIn = [...passedThrough.values()].reduce((sum, one) => sum + one, 0);
    const { attached = [] } = loaded.n8n ?? {};
    return {
      ...row,
      result: report.ok && hasAll && isFound ? "V1 = V2" : "FAILED",
      edges,
      nodes,
      planted: `${planted - missed.length}/${planted}`,
      remark: report.difference?.replace(/\s+/g, " ") ?? `${stoodIn} passed through, ${attached.length} attached`,
    };
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    return { ...row, result: "FAILED", remark: `${error.code}: ${error.message}` };
  }
}

function countMainConnections(value: unknown): number {
  const { connections } = value as { connections: Record<string, { main?: (unknown[] | null)[] }> };
  const outputs = Object.values(connections).flatMap(({ main = [] }) => main);
  return outputs.reduce((sum, targets) => sum + (targets?.length ?? 0), 0);
}
