#!/usr/bin/env node
import { parseArgs } from "node:util";
import { isWorkflowError } from "@waymark/core";
import { checkNames } from "@waymark/core/store";
import { openStore, STORES, UsageError } from "./cli/open-store.ts";
import { type ServedInspector, serveInspector } from "./cli/serve-inspector.ts";

const USAGE = `Usage: waymark-inspector --store <store> --url <address> [options]

Serves a page on this machine that shows the executions of a store. Needs the package of the store in your project.

  --store <name>      ${STORES.join(", ")}
  --url <address>     the server's address; for pglite, the folder of the data. Default: WAYMARK_URL
  --schema <name>     postgres: the schema of the tables
  --prefix <text>     postgres: the prefix of the tables; mongo: of the collections; redis: of the keys
  --database <name>   mongo: the database
  --port <number>     default: 4646
  --read-only         no actions
  --redact <keys>     keys whose values are not shown, with commas between them
  --help              print this text

It runs no nodes. It answers, forks, cancels and deletes; a process of your application continues what is due then.`;

const DEFAULT_PORT = 4646;

async function main(): Promise<ServedInspector | undefined> {
  const { values } = readArguments();
  if (values.help === true) {
    console.log(USAGE);
    return undefined;
  }
  const url = values.url ?? process.env.WAYMARK_URL;
  if (values.store === undefined || url === undefined) throw new UsageError("--store and --url are needed.");
  const port = readPort(values.port);
  const store = await openStore({ ...values, name: values.store, url, folder: process.cwd() });
  const served = await serveInspector({
    store,
    port,
    actions: values["read-only"] !== true,
    redact: values.redact?.split(",").filter((key) => key !== "") ?? [],
  });
  console.log(`The inspector is at ${served.url}. Ctrl+C ends it.`);
  return served;
}

const FLAGS = {
  store: { type: "string" },
  url: { type: "string" },
  schema: { type: "string" },
  prefix: { type: "string" },
  database: { type: "string" },
  port: { type: "string" },
  redact: { type: "string" },
  "read-only": { type: "boolean" },
  help: { type: "boolean" },
} as const;

function readArguments() {
  try {
    const { values } = parseArgs({ options: FLAGS, strict: false });
    const given = Object.fromEntries(Object.keys(values).map((name) => [`--${name}`, true]));
    checkNames(given, new Set(Object.keys(FLAGS).map((name) => `--${name}`)), "the options of waymark-inspector");
    return parseArgs({ options: FLAGS });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readPort(given: string | undefined): number {
  const port = given === undefined ? DEFAULT_PORT : Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--port: ${given} is not a port.`);
}

main().then(
  (served) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void served?.close());
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const code = isWorkflowError(error) ? `${error.code}: ` : "";
    console.error(`waymark-inspector: ${code}${(error as Error).message}${isUsage ? `\n\n${USAGE}` : ""}`);
    process.exitCode = isUsage ? 2 : 1;
  },
);
