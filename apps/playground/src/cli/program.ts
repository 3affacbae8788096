import { Command, InvalidArgumentError, Option } from "commander";
import { bundledIds, readBundled } from "../import/bundled.ts";
import { STORE_NAMES } from "../store/open-store.ts";
import { type CompareFlags, compareCommand } from "./compare-command.ts";

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
    .option("--no-kill", "kill no processes")
    .addOption(
      new Option("--timeout <seconds>", "the longest that a run may take")
        .default(120_000, "120")
        .argParser(readSeconds),
    )
    .option("--json", "print the report as JSON")
    .addHelpText("after", COMPARE_HELP)
    .action(async (files: string[], flags: CompareFlags) => {
      process.exitCode = await compareCommand(files, flags);
    });

  program
    .command("list")
    .description("list the bundled workflows")
    .action(async () => {
      for (const { workflow, title } of await readBundled(await bundledIds())) {
        process.stdout.write(`${workflow.id.padEnd(22)} ${title}\n`);
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

On a store that outlives a process (all but memory), child processes are killed with SIGKILL
before, during and after the effect of a node: the one of --fail-at, else the middle one of
order-fulfilment.

Exit code: 0 all outputs equal and V2 repeated no completed node; 1 not so; 2 bad input.
With ANTHROPIC_API_KEY set, llm nodes ask the real API (ANTHROPIC_MODEL, ANTHROPIC_BASE_URL).
`;
