import { WorkflowError } from "@waymark/core";
import { safeError, unavailable } from "@waymark/core/store";
import type { ConstructorOptions, PgBoss } from "pg-boss";
import { loadPeer } from "../load-peer.ts";
import type { PgBossDispatcherOptions } from "./options.ts";

const DAY_SECONDS = 86_400;
/** Seconds between two looks for jobs of dead processes. */
const MONITOR_SECONDS = 5;
/**
 * Milliseconds after which a statement without an answer fails, and its connection is given up. A connection that has silently
 * broken would be waited for without end. Long, since pg-boss keeps its tables in order on the same connections.
 */
const STATEMENT_TIMEOUT_MS = 60_000;
/** The largest whole number that the queue's column holds. */
const NO_LIMIT = 2 ** 31 - 1;

/**
 * Opens pg-boss, and makes the queue.
 *
 * - The queue's own attempts never end, so that it never gives an execution up. A job is not ended because it takes
 *   long: its process sends signs of life, and without them it is delivered again.
 * - An existing queue of that name gets these settings. Of another policy than `standard`, it would drop jobs: it is
 *   refused.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE if the database cannot be used; INVALID_ARGUMENT
 */
export async function openBoss(
  options: PgBossDispatcherOptions & { queue: string; redeliverAfterMs: number; report: (error: unknown) => void },
): Promise<PgBoss> {
  const { url, pglite, schema, maxConnections = 4, queue, redeliverAfterMs, report } = options;
  const { PgBoss: Boss, fromPglite } = await loadPeer("pg-boss", () => import("pg-boss"));
  // An option of pg, which pg-boss hands on.
  const server = { connectionString: url ?? "", max: maxConnections, query_timeout: STATEMENT_TIMEOUT_MS };
  const place: ConstructorOptions = pglite === undefined ? server : { db: fromPglite(pglite), backend: "pglite" };
  const boss = new Boss({
    ...place,
    ...(schema === undefined ? {} : { schema }),
    superviseIntervalSeconds: MONITOR_SECONDS,
    monitorIntervalSeconds: MONITOR_SECONDS,
    // A tick that is looked at within its own minute has the time that its schedule names.
    cronMonitorIntervalSeconds: 5,
    cronWorkerIntervalSeconds: 1,
  });
  boss.on("error", report);
  try {
    await boss.start();
    const heartbeatSeconds = Math.max(10, Math.floor(redeliverAfterMs / 1_000) - 2 * MONITOR_SECONDS);
    const safe = { retryLimit: NO_LIMIT, retryDelay: 0, expireInSeconds: DAY_SECONDS, heartbeatSeconds };
    const kept = { retentionSeconds: 14 * DAY_SECONDS, deleteAfterSeconds: 3_600 };
    await boss.createQueue(queue, { policy: "standard", ...safe, ...kept });
    const found = await boss.getQueue(queue);
    if (found?.policy !== "standard") {
      throw new WorkflowError(
        "INVALID_ARGUMENT",
        `The queue ${queue} has the policy ${found?.policy}, which drops jobs. Use one of the policy standard.`,
        { details: { queue, policy: found?.policy } },
      );
    }
    await boss.updateQueue(queue, { ...safe, ...kept, retryBackoff: false, deadLetter: null as unknown as string });
    return boss;
  } catch (error) {
    await boss.stop({ graceful: false }).catch(report);
    throw error instanceof WorkflowError ? error : notOpened(error);
  }
}

/** Says what to do, without the driver's own error: that may have an address with its password. */
function notOpened(error: unknown): WorkflowError {
  const cause = safeError(error);
  const isNetwork = typeof cause.code === "string" && /^E[A-Z_]+$/.test(cause.code);
  // If several addresses refuse, the message is empty.
  const why = cause.message === "" ? (cause.code ?? cause.name) : cause.message;
  return unavailable(
    isNetwork ? "connection" : "server",
    `pg-boss cannot be opened: ${why}. Check that its database runs at this address, and that the user may make its tables.`,
    { cause },
  );
}
