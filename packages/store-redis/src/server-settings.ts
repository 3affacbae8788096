import { WorkflowError } from "@waymark/core";
import { cleanText, quoted } from "@waymark/core/store";
import type { Connection } from "./connection.ts";
import { TEXT } from "./execution-scripts.ts";

/** The effects of a server's configuration on the data. */
export interface ServerSettings {
  /** `undefined` if the server does not report it, as many managed ones do not. */
  durable: boolean | undefined;
  warnings: string[];
}

/**
 * The version of the layout of the keys that this package writes. It changes only with a major version. Within one, a
 * layout only gains keys and fields, and processes of the version before continue to work on the same data.
 */
const LAYOUT = 1;

/** Checks that this package knows the layout of the data, or notes its own layout if there is no data. */
export async function checkLayout(connection: Connection, key: string): Promise<void> {
  const found = await connection.run<string | null>(TEXT, [key], []);
  if (found === null) {
    await connection.send((client) => client.set(key, String(LAYOUT), "NX"));
  } else if (Number(found) !== LAYOUT) {
    throw new WorkflowError(
      "STATE_VERSION_UNSUPPORTED",
      `The keys have layout ${quoted(found)}; this version of @waymark/store-redis knows layout ${LAYOUT}. Update the package.`,
      { details: { found: cleanText(found, 100), known: LAYOUT } },
    );
  }
}

const NAMES = ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"];

/** Reads the server's settings for durability and eviction. Those that it does not report are left open. */
export async function readServerSettings(connection: Connection, expires: boolean): Promise<ServerSettings> {
  const answers = await Promise.all(
    NAMES.map(async (name) => {
      try {
        const reply = await connection.send((client) => client.config("GET", name));
        return Array.isArray(reply) ? String(reply[1] ?? "") : String((reply as Record<string, string>)[name] ?? "");
      } catch {
        return "";
      }
    }),
  );
  const [appendonly, appendfsync, maxmemory, policy] = answers as [string, string, string, string];
  const durable = appendonly === "" ? undefined : appendonly === "yes" && appendfsync === "always";
  const warnings: string[] = [];
  const evicts = policy.startsWith("allkeys-") || (expires && policy.startsWith("volatile-"));
  if (evicts && maxmemory !== "0") {
    warnings.push(
      `Redis has maxmemory-policy ${policy}: at ${maxmemory} bytes it drops executions, even running ones. Set it to noeviction.`,
    );
  }
  return { durable, warnings };
}
