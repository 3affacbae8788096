import { Hono } from "hono";
import { actingRoutes } from "./acting-routes.ts";
import { readingRoutes } from "./reading-routes.ts";
import type { ApiEnv, ApiParts } from "./requests.ts";

/** The routes of the page's own calls. */
export function apiRoutes(parts: ApiParts) {
  return new Hono<ApiEnv>().route("/", readingRoutes(parts)).route("/", actingRoutes(parts));
}

/** The routes as the page's client knows them. */
export type Api = ReturnType<typeof apiRoutes>;
