import { Command, InvalidArgumentError, Option } from "commander";
import { STORE_NAMES } from "../store/open-store.ts";
import type { CompareFlags } from "./compare-flags.ts";
import type { ImportFlags } from "./import-command.ts";
import { isServed } from "./is-served.ts";
import { oneLine } from "./one-line.ts";
import { createProgress } from "./progress.ts";
import { renderImport } from "./render-import.ts";
import { renderReport } from "./render-report.ts";
import { reportJson } from "./report-json.ts";
import { EXIT_CODES } from "./run-program.ts";
import { superviseComparison } from "./supervise.ts";
import { QUEUE_NAMES, type SwarmFlags } from "./swarm-flags.ts";

/** Makes the command line. It does not print errors itself. */
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
    .option("-w, --workflow <id...>", "compare only these workflows, bundled or in your files")
    .option("--fail-at <node>", "the node that fails: its id, its name, or its position in the order of runs (from 1)")
    .option("--start <node>", "the node that a run starts at: its id or its name (n8n: default is the first trigger)")
    .option("--input <file>", "the initial data for your own workflows, a JSON object")
    .option("--v1 <module>", "your own old executor, in place of V1")
    .option("--executors <module>", "your own node executors, for both V1 and V2")
    .addOption(
      new Option(
        "--context-mode <mode>",
        "how V2 passes the context to nodes (default: copy with --executors, else frozen)",
      ).choices(["frozen", "copy"]),
    )
    .addOption(
      new Option("--store <name>", "where V2 keeps its checkpoints").choices(STORE_NAMES).default(STORE_NAMES[0]),
    )
    .option("--url <address>", "the address of the server, for --store postgres, redis or mongo")
    .option("--data-dir <folder>", "where an embedded store keeps its data", ".waymark/playground")
    .option("--user-id <id>", "the user that the workflows run for")
    .addOption(
      new Option(
        "--ignore <path>",
        "a place in the outputs to leave out, such as 'crm.*.at': * is one key, ** any number (repeatable)",
      ).argParser((path: string, others: string[] = []) => [...others, path]),
    )
    .option("--once", "one run with each executor, no interruptions")
    .option("--bench", "measure times by repeated runs, also with your own nodes")
    .option("--kill", "kill processes, also with your own nodes")
    .option("--no-kill", "kill no processes")
    .addOption(new Option("--timeout <seconds>", "time limit of a run").default(120_000, "120").argParser(readSeconds))
    .option("--json", "print the report as JSON")
    .option("--serve", "serve the page afterwards (default: in a terminal, without files)")
    .option("--no-serve", "do not serve the page")
    .addOption(portOption())
    .addHelpText("after", COMPARE_HELP)
    .action(async (files: string[], flags: CompareFlags) => {
      const report = await superviseComparison({ files, flags }, createProgress(process.stderr));
      process.stdout.write(flags.json ? reportJson(report) : renderReport(report, process.stdout));
      process.exitCode = report.ok ? EXIT_CODES.ok : EXIT_CODES.comparisonFailed;
      const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
      if (isServed({ files, flags, isTerminal })) await serve(flags);
    });

  program
    .command("serve")
    .description("serve a page on this machine: V1 and V2 side by side, live")
    .option("--data-dir <folder>", "where the embedded store keeps its data", ".waymark/playground")
    .addOption(portOption())
    .action(serve);

  program
    .command("import")
    .description("import the rows of an old Execution table")
    .argument("<file>", "the rows: a JSON array, or lines of JSON")
    .option("-w, --workflow <id>", "the workflow of rows that name none")
    .option("--user-id <id>", "the user of rows that name none")
    .option("--dry-run", "check all rows, and write nothing")
    .addOption(new Option("--store <name>", "where the executions go").choices(STORE_NAMES).default(STORE_NAMES[0]))
    .option("--url <address>", "the address of the server, for --store postgres, redis or mongo")
    .option("--data-dir <folder>", "where an embedded store keeps its data", ".waymark/playground")
    .option("--json", "print the report as JSON")
    .addHelpText("after", IMPORT_HELP)
    .action(async (file: string, flags: ImportFlags) => {
      const { importFile } = await import("./import-command.ts");
      const report = await importFile(file, flags, createProgress(process.stderr));
      process.stdout.write(flags.json ? reportJson(report) : renderImport(report));
      process.exitCode = report.refused === 0 ? EXIT_CODES.ok : EXIT_CODES.rowsLeftOut;
    });

  program
    .command("rollout-demo")
    .description("take a small application from V1 to V2, in steps, with a bug on the way")
    .option("--json", "print the result as JSON")
    .action(async ({ json = false }: { json?: boolean }) => {
      const { runRolloutDemo } = await import("../rollout/rollout-demo.ts");
      const out = json ? process.stderr : process.stdout;
      const result = await runRolloutDemo((line) => out.write(`${line}\n`));
      if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
      else process.stdout.write(result.ok ? "OK\n" : "NOT OK\n");
      process.exitCode = result.ok ? EXIT_CODES.ok : EXIT_CODES.comparisonFailed;
    });

  program
    .command("swarm")
    .description("run executions in several processes that take them from a queue, and kill the processes")
    .addOption(
      new Option("--queue <name>", "where the processes take executions from")
        .choices(QUEUE_NAMES)
        .default(QUEUE_NAMES[0]),
    )
    .addOption(new Option("--workers <count>", "the number of processes").default(4).argParser(readCount(32)))
    .addOption(
      new Option("--executions <count>", "the number of executions, of 6 nodes")
        .default(200)
        .argParser(readCount(100_000)),
    )
    .option("--kill", "kill a process every second, or freeze it for longer than its lease")
    .option("--json", "print the result as JSON")
    .addHelpText("after", SWARM_HELP)
    .action(async (flags: SwarmFlags) => {
      const { runSwarm } = await import("./swarm-command.ts");
      process.exitCode = (await runSwarm(flags)) ? EXIT_CODES.ok : EXIT_CODES.comparisonFailed;
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

function readCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > most) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    }
    return count;
  };
}

function portOption(): Option {
  return new Option("--port <number>", "the port of the page, on 127.0.0.1 (default: 4647, or a free one)").argParser(
    (text) => {
      const port = Number(text);
      if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("It is not a port.");
      return port;
    },
  );
}

async function serve(flags: { dataDir: string; port?: number }): Promise<void> {
  const { serveUntilEnded } = await import("./serve-command.ts");
  await serveUntilEnded(flags);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError("It must be above 0 and at most 86400.");
  return seconds * 1000;
}

const SWARM_HELP = `
Starts a PostgreSQL for the store, and for --queue bullmq a Redis; both end with the command. The clock of the second
process is an hour off.

Exit code: 0 if every execution is completed with the right output and no completed node ran again, 1 if not.
`;

const IMPORT_HELP = `
A row has the columns id, workflowId, userId, status, output, createdAt and endedAt, also as workflow_id,
created_at and the like. Other columns are left out. Nothing runs: what was not finished arrives as failed.

The command can be run again: rows that are there are skipped. A row that cannot be imported is reported
and left out.

Exit code: 0 if no row was left out, 1 if some were, 2 for bad input, 70 if there is no report.
`;

const COMPARE_HELP = `
--v1 takes a JavaScript module that exports one of
  createWorkflowExecutor({ workflows, executors })    returns { executeWorkflowSync }
  executeWorkflowSync({ workflowId, userId, initialData, workflow, executors })
executeWorkflowSync resolves to { success, output?, error? } and calls
executors[node.type]({ context, node, data, ... }) for each node.

--executors takes a module that exports { executors } (or a default): an object of functions by
node type. They take precedence over the playground's own. For n8n, use n8n's types, such as
"n8n-nodes-base.slack". n8n nodes without an executor are passed through.

Nodes run for real: your file can call any address, and your nodes do what their code does. Your
workflow runs once with V1 and once with V2, and each run is interrupted once. Before that, a line
tells how often each node will run. --once leaves out the interruptions. --bench and --kill add runs.

On a store that outlives a process (all but memory), child processes are killed with SIGKILL
before, during and after the effect of a node: the node of --fail-at, else the middle one of
order-fulfilment. For every workflow, V2 is also killed while the node runs, and another process
recovers the execution without being asked. With --v1 or --executors all of this needs --kill.

In a terminal and without files, a page is served afterwards, on 127.0.0.1, until Ctrl+C. --serve and
--no-serve decide otherwise. The exit code is that of the comparison in any case.

Exit code: 0 if all outputs are equal and V2 repeated no completed node, 1 if not, 2 for bad input,
70 if there is no report. If ANTHROPIC_API_KEY is set, llm nodes ask the real API (ANTHROPIC_MODEL,
ANTHROPIC_BASE_URL).
`;
