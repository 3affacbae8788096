import type { Hono } from "hono";
import { apiRoutes } from "./api.ts";
import { guardedApp } from "./guarded-app.ts";
import { checkInspectorOptions, checkRequest, type Inspector, type InspectorOptions } from "./inspector-options.ts";
import { fileResponse, pageResponse, withHeaders } from "./page.ts";
import type { Page } from "./page-files.ts";
import type { ApiEnv, ApiParts } from "./requests.ts";
import { Views } from "./views.ts";

/** The largest body of a request, in bytes. */
const MAX_BODY_BYTES = 1_200_000;
/** The addresses at which the page can be opened. */
const PAGES = ["/", "/inbox", "/execution"];

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
      checkRequest(request);
      return withHeaders(await app.fetch(request));
    },
  };
}

function appOf(parts: ApiParts): Hono<ApiEnv> {
  const { options } = parts;
  const app = guardedApp({ ...options, maxBodyBytes: MAX_BODY_BYTES });
  app.route("/api", apiRoutes(parts));
  app.get("/assets/:name", async (c) => fileResponse(await loadPage(), c.req.param("name"), c.req.raw) ?? c.notFound());
  const shown = { basePath: options.basePath, title: "Waymark inspector" };
  for (const path of PAGES) app.get(path, async () => pageResponse(await loadPage(), shown));
  return app;
}

let page: Promise<Page> | undefined;

function loadPage(): Promise<Page> {
  page ??= import("./page-files.generated.js").then(({ PAGE }) => PAGE);
  return page;
}
