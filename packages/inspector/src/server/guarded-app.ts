import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { accessOf, type Gate, isRefused, mayAct } from "./access.ts";
import { INTERNAL, ProblemError, problem, problemOf, problemResponse } from "./problem.ts";
import type { ApiEnv } from "./requests.ts";

/**
 * Makes an app whose requests are checked before any route: host, origin and `authorize`; those that change something
 * also by their proof, and by their size.
 *
 * - Errors become answers. One without a code becomes "internal", and `onError` takes it.
 */
export function guardedApp(gate: Gate & { basePath: string; maxBodyBytes: number }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: false }).basePath(gate.basePath || "/") as Hono<ApiEnv>;
  app.onError((error) => {
    if (error instanceof ProblemError) return problemResponse(error.problem);
    if (error instanceof HTTPException) {
      return problemResponse(problem(400, "INVALID_ARGUMENT", "The body is not JSON."));
    }
    const known = problemOf(error);
    if (known === undefined) gate.onError(error);
    return problemResponse(known ?? INTERNAL);
  });
  app.notFound(() => problemResponse(problem(404, "NOT_FOUND", "There is nothing here.")));
  app.use("*", async (c, next) => {
    const access = await accessOf(gate, c.req.raw);
    if (isRefused(access)) return problemResponse(access);
    c.set("access", access);
    await next();
    return undefined;
  });
  app.post("/api/*", async (c, next) => {
    const refusal = mayAct(c.get("access"), c.req.raw);
    if (refusal !== undefined) return problemResponse(refusal);
    await next();
    return undefined;
  });
  const tooLarge = problem(413, "PAYLOAD_TOO_LARGE", `The body is larger than ${gate.maxBodyBytes} bytes.`);
  app.post("/api/*", bodyLimit({ maxSize: gate.maxBodyBytes, onError: () => problemResponse(tooLarge) }));
  return app;
}
