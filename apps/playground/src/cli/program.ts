import { Command, InvalidArgumentError, Option } from "commander";
import { STORE_NAMES } from "../store/open-store.ts";
import type { CompareFlags } from "./compare-flags.ts";
import { oneLine } from "./one-line.ts";
import { createProgress } from "./progress.ts";
import { renderReport } from "./render-report.ts";
import { reportJson } from "./report-json.ts";
import { EXIT_CODES } from "./run-program.ts";
import { superviseComparison } from "./supervise.ts";

/** Makes the command line; it prints nothing about errors itself. */
export function createProgram(): Command {
  const program = new Command("playground")
    .description("Runs workflows with Waymark's executors V1 and V2 and compares them.")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });

  program
    .command("compare")
    .description("compare V1 with V2 on the bundled workflows, or on your own")
    .argument("[files...]", "saved React Flow canvases, n8n exports or rows (JSON); without any: the bundled workflows")
    .option("-w, --workflow <id...>", "only these of the bundled workflows, or of those in your files")
    .option("--fail-at <node>", "the node that fails: its id, its name, or its place in the order of runs (from 1)")
    .option("--input <file>", "the initial data for your own workflows, a JSON object")
    .option("--v1 <module>", "your own old executor, in place of V1")
    .option("--executors <module>", "your own node executors, for both V1 and V2")
    .addOption(
      new Option(
        "--context-mode <mode>",
        "how V2 hands the context to nodes (default: copy with --executors, else frozen)",
      ).choices(["frozen", "copy"]),
    )
    .addOption(
      new Option("--store <name>", "where V2 keeps its checkpoints").choices(STORE_NAMES).default(STORE_NAMES[0]),
    )
    .option("--url <address>", "the server, for a --store that is one")
    .option("--data-dir <folder>", "where an embedded store keeps its data", ".waymark/playground")
    .option("--user-id <id>", "the user that workflows are run for")
    .addOption(
      new Option(
        "--ignore <path>",
        "a place in the outputs that is not compared, as in 'crm.*.at': * one key, ** any number (repeatable)",
      ).argParser((path: string, others: string[] = []) => [...others, path]),
    )
    .option("--once", "one run with each executor, no interruptions")
    .option("--bench", "repeat undisturbed runs for their times, with nodes of your own too")
    .option("--kill", "kill processes, with nodes of your own too")
    .option("--no-kill", "kill no processes")
    .addOption(
      new Option("--timeout <seconds>", "the longest that a run may take")
        .default(120_000, "120")
        .argParser(readSeconds),
    )
    .option("--json", "print the report as JSON")
    .addHelpText("after", COMPARE_HELP)
    .action(async (files: string[], flags: CompareFlags) => {
      const report = await superviseComparison({ files, flags }, createProgress(process.stderr));
      process.stdout.write(flags.json ? reportJson(report) : renderReport(report, process.stdout));
      process.exitCode = report.ok ? EXIT_CODES.ok : EXIT_CODES.comparisonFailed;
    });

  program
    .command("list")
    .description("list the bundled workflows")
    .action(async () => {
      const { bundledIds, readBundled } = await import("../import/bundled.ts");
      for (const { workflow, title } of await readBundled(await bundledIds())) {
        process.stdout.write(`${oneLine(workflow.id).padEnd(22)} ${oneLine(title)}\n`);
      }
    });
  return program;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError("It must be above 0 and at most 86400.");
  return seconds * 1000;
}

const COMPARE_HELP = `
--v1 takes a JavaScript module that exports one of
  createWorkflowExecutor({ workflows, executors })    giving { executeWorkflowSync }, or
  executeWorkflowSync({ workflowId, userId, initialData, workflow, executors })
where executeWorkflowSync resolves to { success, output?, error? } and calls
executors[node.type]({ context, node, data, ... }) for the nodes.

--executors takes a module that exports { executors } (or a default): an object of functions by
node type. Yours come before the playground's own; for n8n the types are n8n's, as in
"n8n-nodes-base.slack". n8n nodes without an executor pass through.

What nodes do is real: a file of yours can call any address, and nodes of yours do whatever they do.
A workflow of yours is run once with V1 and once with V2, and each run is interrupted once; before
that, a line says how often each node will run. --once leaves the interruptions out; --bench and
--kill add runs.

On a store that outlives a process (all but memory), child processes are killed with SIGKILL
before, during and after the effect of a node: the one of --fail-at, else the middle one of
order-fulfilment. With --v1 or --executors only with --kill.

Exit code: 0 all outputs equal and V2 repeated no completed node; 1 not so; 2 bad input; 70 there is
no report. With ANTHROPIC_API_KEY set, llm nodes ask the real API (ANTHROPIC_MODEL,
ANTHROPIC_BASE_URL).
`;
