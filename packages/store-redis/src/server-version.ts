import { isWorkflowError } from "@waymark/core";
import { unavailable } from "@waymark/core/store";
import type { Connection } from "./connection.ts";

/** The oldest version whose `ZRANGE` has what listings need. Valkey and others report the version that they match. */
const OLDEST_VERSION = "6.2";

/**
 * Checks that the server knows the commands that the store uses. A server that does not report its version is trusted.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE
 */
export async function checkVersion(connection: Connection): Promise<void> {
  const version = versionIn(await connection.send((client) => client.info("server")).catch(nothingIfRefused));
  if (version === undefined || !isOlder(version, OLDEST_VERSION)) return;
  const message = `This is Redis ${version}; Waymark needs version ${OLDEST_VERSION} or newer. Upgrade the server.`;
  throw unavailable("server_too_old", message, { details: { version, oldestSupported: OLDEST_VERSION } });
}

/** Returns the version of Redis in the answer to `INFO`. */
export function versionIn(info: string): string | undefined {
  return /^redis_version:(\d+\.\d+\S*)/m.exec(info)?.[1];
}

/** Returns whether a version is older than another, by their major and minor numbers. */
export function isOlder(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** Returns "" if the command was refused: some managed services do not have it, and some users may not run it. */
function nothingIfRefused(error: unknown): string {
  const reason = isWorkflowError(error) ? error.details?.reason : undefined;
  if (reason === "permission" || reason === "server") return "";
  throw error;
}
