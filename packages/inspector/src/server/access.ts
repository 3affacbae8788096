import * as z from "zod/mini";
import type { CheckedOptions } from "./inspector-options.ts";
import { type Problem, problem } from "./problem.ts";

/** What a request was allowed. */
export interface Access {
  actions: boolean;
  userId?: string;
}

/** Decides about requests. */
export type Gate = Pick<CheckedOptions, "authorize" | "hosts" | "onError">;

/** The header that proves that an action comes from the page. */
const TOKEN_HEADER = "x-waymark-token";
const COOKIE = "waymark-inspector";
const TOKEN = /^[0-9a-f]{32}$/;
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

const authorized = z.strictObject({
  actions: z.optional(z.boolean()),
  // Also refuses a key with an undefined value: a limit that vanishes must not mean every user.
  userId: z.exactOptional(z.string().check(z.minLength(1))),
});

/**
 * Decides if a request may be answered at all.
 *
 * - Its host is one of ours, and it does not come from another origin. Then `authorize` is asked.
 */
export async function accessOf(options: Gate, request: Request): Promise<Access | Problem> {
  const host = hostOf(request);
  if (!isKnownHost(options.hosts, host)) {
    return problem(
      403,
      "HOST_NOT_ALLOWED",
      "This host is not one of the inspector's. Add its name to the option hosts.",
    );
  }
  if (isForeign(request, host)) {
    return problem(403, "ORIGIN_NOT_ALLOWED", "Requests of other origins are refused.");
  }
  const given: unknown = await options.authorize(request);
  if (given === false) return problem(403, "FORBIDDEN", "You may not look at this.");
  const { success, data } = authorized.safeParse(given);
  if (success) return { actions: data.actions === true, ...(data.userId === undefined ? {} : { userId: data.userId }) };
  options.onError(
    new TypeError(`authorize returned neither false nor { actions?: boolean, userId?: string } (${typeof given}).`),
  );
  return problem(403, "FORBIDDEN", "You may not look at this.");
}

/** Decides if a request that may be answered may change something. */
export function mayAct(access: Access, request: Request): Problem | undefined {
  if (!access.actions) return problem(403, "READ_ONLY", "You may look at executions, but not change them.");
  const token = request.headers.get(TOKEN_HEADER);
  if (token !== null && TOKEN.test(token) && token === tokenIn(request)) return undefined;
  return problem(403, "TOKEN_MISSING", "The request does not prove that it comes from the page. Reload the page.");
}

/** Returns the token of the request's browser, and the cookie that gives it one if it has none yet. */
export function tokenFor(request: Request, basePath: string): { token: string; cookie?: string } {
  const known = tokenIn(request);
  if (known !== undefined) return { token: known };
  const token = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  const secure = new URL(request.url).protocol === "https:" ? "; Secure" : "";
  return { token, cookie: `${COOKIE}=${token}; Path=${basePath || "/"}; HttpOnly; SameSite=Strict${secure}` };
}

function tokenIn(request: Request): string | undefined {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [name, value = ""] = pair.trim().split("=");
    if (name === COOKIE && TOKEN.test(value)) return value;
  }
  return undefined;
}

/** The host that the client asked for. Behind some servers, the URL has another one than the header. */
function hostOf(request: Request): string {
  return (request.headers.get("host") ?? new URL(request.url).host).toLowerCase();
}

function isKnownHost(hosts: readonly string[], host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return LOCAL.includes(name) || hosts.some((known) => known.toLowerCase() === name);
}

function isForeign(request: Request, host: string): boolean {
  const origin = request.headers.get("origin");
  // Servers behind a proxy see another scheme than the browser, so only the host is compared.
  if (origin !== null) return !/^https?:\/\//.test(origin) || origin.replace(/^https?:\/\//, "").toLowerCase() !== host;
  const site = request.headers.get("sec-fetch-site");
  const isNavigation = request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
  return (site === "cross-site" || site === "same-site") && !isNavigation;
}

/** Returns true for the result of {@link accessOf} that refuses. */
export function isRefused(access: Access | Problem): access is Problem {
  return "status" in access;
}
