import { kindOf } from "../given.ts";
import { invalid } from "./checks.ts";

/**
 * Checks the address of a server: its scheme, and that no `@` follows its hosts.
 *
 * - Such an `@` means that the password is not percent-encoded. A driver would take a part of the password for the
 *   host, and drivers name the host in their messages.
 *
 * @param schemes The allowed schemes, without `://`.
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkAddress(
  value: unknown,
  name: string,
  schemes: readonly [string, ...string[]],
): asserts value is string {
  if (typeof value !== "string") {
    const cure = value instanceof URL ? `: write ${name}.href` : "";
    throw invalid(name, value === undefined ? "is missing" : `must be a string, not ${kindOf(value)}${cure}`);
  }
  const begins = schemes.map((scheme) => `${scheme}://`);
  const begin = begins.find((each) => value.startsWith(each));
  if (begin === undefined) throw invalid(name, `must begin with ${begins.join(" or ")}`);
  const rest = value.slice(begin.length);
  const end = rest.search(/[/?#]/);
  if (end < 0 || !rest.includes("@", end)) return;
  throw invalid(name, "is not a valid address; percent-encode its user and password (encodeURIComponent)");
}
