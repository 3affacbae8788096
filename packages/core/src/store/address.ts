import { invalid } from "./checks.ts";

/**
 * Checks the address of a server: how it begins, and that no `@` stands behind its hosts.
 *
 * - Such an `@` ends a password that is not percent-encoded. What would be taken for a host is a part of the password then,
 *   and drivers name the host in their messages.
 *
 * @param schemes Without `://`.
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkAddress(
  value: unknown,
  name: string,
  schemes: readonly [string, ...string[]],
): asserts value is string {
  const begins = schemes.map((scheme) => `${scheme}://`);
  const begin = typeof value === "string" ? begins.find((each) => value.startsWith(each)) : undefined;
  if (begin === undefined) throw invalid(name, `must begin with ${begins.join(" or ")}`);
  const rest = (value as string).slice(begin.length);
  const end = rest.search(/[/?#]/);
  if (end < 0 || !rest.includes("@", end)) return;
  throw invalid(name, "is no address; user and password must be percent-encoded (encodeURIComponent)");
}
