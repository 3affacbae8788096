import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { accessOf, isRefused, mayAct } from "./access.ts";
import { apiRoutes } from "./api.ts";
import { checkInspectorOptions, type Inspector, type InspectorOptions } from "./inspector-options.ts";
import { CONTENT_SECURITY_POLICY, fileResponse, pageResponse } from "./page.ts";
import { INTERNAL, ProblemError, problem, problemOf, problemResponse } from "./problem.ts";
import type { ApiEnv, ApiParts } from "./requests.ts";
import { Views } from "./views.ts";

/** The largest body of a request, in bytes. */
const MAX_BODY_BYTES = 1_200_000;
/** The addresses at which the page can be opened. */
const PAGES = ["/", "/inbox", "/execution"];

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * Makes a handler that serves a page to look into the executions of an engine: why one failed, what waits for a person,
 * what each step changed.
 *
 * - Mount it in any server that has web-standard requests. Nothing is read from disk, and the page loads nothing from
 *   elsewhere.
 * - `authorize` is asked about every request. Nothing is served without it.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const inspector = createInspector({
 *   engine,
 *   basePath: "/admin/waymark",
 *   hosts: ["admin.example.com"],
 *   authorize: async (request) => {
 *     const user = await userOf(request);
 *     return user?.isAdmin === true && { actions: true };
 *   },
 * });
 * export const GET = inspector.fetch;
 * export const POST = inspector.fetch;
 * ```
 */
export function createInspector(options: InspectorOptions): Inspector {
  return inspectorFor(options, { canRun: true });
}

/** Makes an inspector; also one of an engine without code for nodes. @internal */
export function inspectorFor(given: InspectorOptions, { canRun }: { canRun: boolean }): Inspector {
  const options = checkInspectorOptions(given);
  const app = appOf({ options, views: new Views(options.redact), canRun });
  return {
    fetch: async (request) => {
      const response = await app.fetch(request);
      for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
      if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
      return response;
    },
  };
}

function appOf(parts: ApiParts): Hono<ApiEnv> {
  const { options } = parts;
  const app = new Hono<ApiEnv>({ strict: false }).basePath(options.basePath || "/") as Hono<ApiEnv>;
  app.onError((error) => {
    if (error instanceof ProblemError) return problemResponse(error.problem);
    if (error instanceof HTTPException) {
      return problemResponse(problem(400, "INVALID_ARGUMENT", "The body is not JSON."));
    }
    const known = problemOf(error);
    if (known === undefined) options.onError(error);
    return problemResponse(known ?? INTERNAL);
  });
  app.notFound(() => problemResponse(problem(404, "NOT_FOUND", "There is nothing here.")));
  app.use("*", async (c, next) => {
    const access = await accessOf(options, c.req.raw);
    if (isRefused(access)) return problemResponse(access);
    c.set("access", access);
    await next();
    return undefined;
  });
  const tooLarge = () =>
    problemResponse(problem(413, "PAYLOAD_TOO_LARGE", `The body is larger than ${MAX_BODY_BYTES} bytes.`));
  app.post("/api/*", async (c, next) => {
    const refusal = mayAct(c.get("access"), c.req.raw);
    if (refusal !== undefined) return problemResponse(refusal);
    await next();
    return undefined;
  });
  app.post("/api/*", bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));
  app.route("/api", apiRoutes(parts));
  app.get("/assets/:name", async (c) => (await fileResponse(c.req.param("name"), c.req.raw)) ?? c.notFound());
  for (const path of PAGES) app.get(path, () => pageResponse(options.basePath));
  return app;
}
