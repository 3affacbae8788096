import { WorkflowError } from "@waymark/core";
import { checkOptions, invalidArgument } from "@waymark/core/store";
import type { PGliteLike } from "pg-boss";
import { checkWhole } from "../options.ts";
import { checkQueueOptions, type QueueOptions } from "../queue-options.ts";

/**
 * The options of {@link pgBossDispatcher}. One of `url` and `pglite` is needed.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#pg-boss
 */
export interface PgBossDispatcherOptions extends QueueOptions {
  /** postgres://user:password@host:5432/database. The dispatcher opens a pool of its own. */
  url?: string;
  /** A PGlite, which stays yours. Await `setup()` before the first transaction. */
  pglite?: PGliteLike;
  /** The most connections of its pool. Default: 4. */
  maxConnections?: number;
  /** The schema of pg-boss' tables, which are made if they are missing: up to 50 letters, digits and underscores. Default: "pgboss". */
  schema?: string;
  /**
   * The most executions of one tenant that run at the same time, over all processes. The engine names the user as tenant.
   * Default: no limit.
   */
  tenantConcurrency?: number;
  /** Milliseconds between two looks into an idle queue, 50 to 3,600,000. Default: 200. */
  pollIntervalMs?: number;
  /** Milliseconds after which the job of a dead process is delivered again, at most: 20,000 or more. Default: 30,000. */
  redeliverAfterMs?: number;
}

const NAMES = {
  url: true,
  pglite: true,
  maxConnections: true,
  schema: true,
  queue: true,
  tenantConcurrency: true,
  pollIntervalMs: true,
  redeliverAfterMs: true,
  onError: true,
} satisfies Record<keyof PgBossDispatcherOptions, true>;

/** pg takes anything for an address: without one, it looks for a server on this machine. */
const URL_OF_SERVER = /^postgres(ql)?:\/\//;
/** The names that pg-boss takes unquoted. */
const SCHEMA = /^[A-Za-z_]\w{0,49}$/;

/** Checks the options of the dispatcher. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkPgBossOptions(options: PgBossDispatcherOptions): void {
  checkOptions(options, new Set(Object.keys(NAMES)), "pgBossDispatcher");
  const { url, pglite, schema } = options;
  if (url === undefined && pglite === undefined) throw invalidArgument("options", "must have url or pglite");
  if (url !== undefined && pglite !== undefined)
    throw invalidArgument("options", "must have url or pglite, and not both");
  if (url !== undefined && !(typeof url === "string" && URL_OF_SERVER.test(url)))
    throw invalidArgument("url", "must be an address that begins with postgres:// or postgresql://");
  if (pglite !== undefined && typeof pglite.exec !== "function") throw invalidArgument("pglite", "must be a PGlite");
  checkQueueOptions(options);
  if (schema !== undefined && !(typeof schema === "string" && SCHEMA.test(schema)))
    throw invalidArgument("schema", "must be a name of 1 to 50 letters, digits and underscores");
  checkWhole(options.maxConnections, "maxConnections", 1, 1_000);
  checkWhole(options.tenantConcurrency, "tenantConcurrency", 1, 1_000);
  checkWhole(options.pollIntervalMs, "pollIntervalMs", 50, 3_600_000);
  checkWhole(options.redeliverAfterMs, "redeliverAfterMs", 20_000, 3_600_000);
}

/** Refuses a Node.js that pg-boss does not run on. @throws {WorkflowError} INVALID_ARGUMENT */
export function refuseOldNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return;
  throw new WorkflowError("INVALID_ARGUMENT", `pg-boss needs Node.js 22.12 or newer; this is ${version}.`, {
    details: { needed: "22.12.0", version },
  });
}
